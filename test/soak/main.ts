/**
 * `npm run soak -- HOURS`: runs the packaged program with every module enabled under steady traffic, beside a real pair
 * of conntrackd, and prints a line a minute. It needs root and the program conntrackd.
 */

import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { requireProgram } from '../bench/conntrackd.ts';
import { CpuTime, memoryOf } from '../bench/cpu_time.ts';
import { endAllOnExit, temporaryFolder } from '../bench/lifetime.ts';
import { PROGRAM } from '../bench/package.ts';
import { PluginProcess } from '../bench/plugin_process.ts';
import { figure, heading, note } from '../bench/report.ts';
import { median } from '../bench/statistics.ts';
import { ConntrackdLaboratory } from '../helpers/conntrackd_lab.ts';
import { until } from '../helpers/until.ts';
import { buildControl, collectGarbage } from './control.ts';
import { MadeFlows, ReportedFlows } from './flows.ts';

const MEGABYTE = 1e6;
const FLOWS_PER_SECOND = 300;
const MOST_HOURS = 48;
/** Minutes of the median of memory, in the middle and at the end. */
const WINDOW = 10;

const COLUMNS = ['minute', 'anonymous MB', 'fds', 'CPU ms/s', 'control MB', 'after GC', 'CPU ms/s', 'made', 'reported'];

/** The packaged program, or the control. */
class Soaked {
  readonly process: PluginProcess;
  readonly reported = new ReportedFlows();
  readonly #cpu: CpuTime;
  #used = 0;

  constructor(program: string, laboratory: ConntrackdLaboratory) {
    this.process = new PluginProcess({
      folder: temporaryFolder(),
      hostPrefix: '',
      config: `modules: { conntrackd: { sockets: [${laboratory.socket('active')}] } }\n`,
      namespace: { command: (command) => ['ip', ...laboratory.via('active').slice(1), ...command] },
      program,
      onText: (text) => this.reported.add(text),
    });
    this.#cpu = new CpuTime(this.process.pid);
  }

  get anonymous(): number {
    return memoryOf(this.process.pid, 'RssAnon');
  }

  get descriptors(): number {
    return fs.readdirSync(`/proc/${this.process.pid}/fd`).length;
  }

  /** CPU time since the last call, in milliseconds per second. */
  cpuTime(seconds: number): number {
    const before = this.#used;
    this.#used = this.#cpu.readCoarse();
    return (this.#used - before) / 1e6 / seconds;
  }
}

async function main(): Promise<void> {
  const hours = hoursFrom(process.argv[2]);
  const minutes = Math.max(1, Math.round(hours * 60));
  requireProgram();
  endAllOnExit();
  const control = buildControl();
  const laboratory = await ConntrackdLaboratory.create('ftfw-udp');
  try {
    await soak(laboratory, control, minutes);
  } finally {
    await laboratory.close();
  }
}

async function soak(laboratory: ConntrackdLaboratory, controlProgram: string, minutes: number): Promise<void> {
  const plain = new Soaked(PROGRAM, laboratory);
  const control = new Soaked(controlProgram, laboratory);
  try {
    for (const { process } of [plain, control]) await until('the plugin updates', 30, () => process.updates > 3);
    const made = new MadeFlows(laboratory, FLOWS_PER_SECOND, minutes * 60 + 60);
    heading(`${minutes} minutes with ${FLOWS_PER_SECOND} new flows a second; process ${plain.process.pid}`);
    row(COLUMNS);
    const anonymous: number[] = [];
    const startedAt = performance.now();
    for (let minute = 1; minute <= minutes; minute++) {
      await sleep(startedAt + minute * 60_000 - performance.now());
      anonymous.push(plain.anonymous);
      const { before, after } = await collectGarbage(control.process.pid);
      const memory = [anonymous.at(-1) ?? 0, before, after].map((bytes) => (bytes / MEGABYTE).toFixed(2));
      const times = [plain, control].map((soaked) => soaked.cpuTime(60).toFixed(1));
      const flows = [made.count(), plain.reported.count()];
      row([minute, memory[0], plain.descriptors, times[0], memory[1], memory[2], times[1], ...flows]);
    }
    await made.end();
    await summarize(plain, control, made.count(), anonymous);
  } finally {
    for (const { process } of [plain, control]) await process.end();
  }
}

async function summarize(plain: Soaked, control: Soaked, made: number, anonymous: readonly number[]): Promise<void> {
  // The update after the next one includes the last flows.
  const updates = plain.process.updates;
  await until('the last flows are reported', 30, () => plain.process.updates > updates + 3);
  heading('Over all');
  figure('flows made and not reported', made - plain.reported.count(), '', { most: 0, inclusive: true });
  figure('flows made and not reported by the control', made - control.reported.count(), '', {
    most: 0,
    inclusive: true,
  });
  const second = anonymous.slice(anonymous.length >> 1);
  const window = Math.max(1, Math.min(WINDOW, second.length >> 1));
  const growth = median(second.slice(-window)) - median(second.slice(0, window));
  figure('anonymous memory, growth in the second half', growth / MEGABYTE, 'MB', { most: 1, inclusive: true });
  figure('anonymous memory, most', Math.max(...anonymous) / MEGABYTE, 'MB');
  note(`(medians of ${window} minutes at the start and at the end of the second half)`);
}

function row(cells: readonly (string | number | undefined)[]): void {
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(12)).join('  ')}\n`);
}

/** @throws when the argument is not a number of hours in range. */
function hoursFrom(word: string | undefined): number {
  const hours = Number(word);
  if (hours > 0 && hours <= MOST_HOURS) return hours;
  throw new Error(`HOURS: found ${word ?? 'nothing'}, allowed: above 0, up to ${MOST_HOURS}; npm run soak -- 2`);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
