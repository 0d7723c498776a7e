/** Cost of the requests to conntrackd, compared with `conntrackd -s`. Needs root, for a pair of daemons. */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

import type { Request } from '../../collector/modules/conntrackd/request.ts';
import { establishedConnections, run } from '../helpers/conntrack.ts';
import { ConntrackdLaboratory } from '../helpers/conntrackd_lab.ts';
import { until } from '../helpers/until.ts';
import { CpuTime, commandTime } from './cpu_time.ts';
import { end, keep } from './lifetime.ts';
import { figure, note } from './report.ts';
import { median } from './statistics.ts';
import type { Asking } from './worker_conntrackd.ts';

const WORKER = path.resolve('dist/bench/worker.cjs');
/** Connections that the daemons keep. */
export const CONNECTIONS = 2000;
/** Rounds of requests: two minutes of the module's time, so that requests sent once a minute occur twice. */
const ROUNDS = 24;
/** Rounds until V8 has compiled hot code. */
const WARM_UP = 1200;
/** How often both are measured, in turn. */
const TURNS = 9;

/** CPU times in milliseconds, each of one round. */
interface Turn {
  readonly module: number;
  readonly program: number;
  /** Of the daemon, while the module asked and while the program did. */
  readonly daemonForModule: number;
  readonly daemonForProgram: number;
  /** How long the module's round took. */
  readonly duration: number;
}

/** The module in a process that has long been running, and the program, which is run once for each of its requests. */
export async function questions(): Promise<void> {
  requireProgram();
  const laboratory = await ConntrackdLaboratory.create('ftfw-udp');
  let asker: Asker | undefined;
  try {
    await fill(laboratory);
    asker = new Asker(laboratory);
    const { requests } = await asker.ask(WARM_UP);
    await requireSame(laboratory, new Set(requests));
    const turns: Turn[] = [];
    for (let turn = 0; turn < TURNS; turn++) turns.push(await measure(laboratory, asker));
    print(turns, requests.length / WARM_UP);
  } finally {
    await asker?.end();
    await laboratory.close();
  }
}

/** @throws when conntrackd is not installed. */
export function requireProgram(): void {
  try {
    run(['sh', '-c', 'command -v conntrackd']);
  } catch (error) {
    throw new Error('the program conntrackd is not installed', { cause: error });
  }
}

/** Loads the connections; resolves when both daemons have them all. */
async function fill(laboratory: ConntrackdLaboratory): Promise<void> {
  laboratory.restore('active', establishedConnections(CONNECTIONS));
  for (const [node, cache] of [
    ['active', 'internal'],
    ['backup', 'external'],
  ] as const) {
    const full = new RegExp(`^cache ${cache}:\ncurrent active connections:\\s+${CONNECTIONS}$`, 'm');
    await until(`the ${node} daemon has every connection`, 20, async () => full.test(await laboratory.ask(node, 'ct')));
  }
}

async function measure(laboratory: ConntrackdLaboratory, asker: Asker): Promise<Turn> {
  const daemon = new CpuTime(laboratory.pid('active'));
  const before = daemon.read();
  const { cpuTime, duration, internal, kernel, requests } = await asker.ask(ROUNDS);
  const between = daemon.read();
  if (kernel !== CONNECTIONS || internal !== CONNECTIONS) {
    throw new Error(`the module found ${kernel} connections in the kernel and ${internal} in the daemon`);
  }
  // A group ends at the first that fails.
  const commands = requests.map((request) => command(laboratory, request).join(' '));
  const program = commandTime(`{ ${commands.join(' && ')}; }`, (words) => laboratory.run('active', words));
  const after = daemon.read();
  return {
    module: cpuTime / ROUNDS,
    program: program / ROUNDS,
    daemonForModule: (between - before) / 1e6 / ROUNDS,
    daemonForProgram: (after - between) / 1e6 / ROUNDS,
    duration,
  };
}

function print(turns: readonly Turn[], requests: number): void {
  const middle = (of: (turn: Turn) => number): number => median(turns.map(of));
  const ratio = middle(({ module, program }) => module / program);
  figure('a round / conntrackd -s for each request, CPU time', ratio, '', { most: 0.2, inclusive: true });
  figure(
    `a round of ${requests.toFixed(1)} requests, CPU time`,
    middle((turn) => turn.module),
    'ms',
  );
  figure(
    'conntrackd -s for each of them, CPU time',
    middle((turn) => turn.program),
    'ms',
  );
  figure(
    'the daemon, CPU time for the round',
    middle((turn) => turn.daemonForModule),
    'ms',
  );
  figure(
    'the daemon, CPU time for conntrackd -s',
    middle((turn) => turn.daemonForProgram),
    'ms',
  );
  figure(
    'from the start to the end of a round',
    middle((turn) => turn.duration),
    'ms',
  );
  const ratios = turns.map(({ module, program }) => module / program);
  note(`  (the first figure was ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`);
}

function command(laboratory: ConntrackdLaboratory, request: Request): readonly string[] {
  return ['conntrackd', '-C', laboratory.configuration('active'), '-s', request];
}

/** @throws when the program does not print what the daemon answers, but for its numbers. */
async function requireSame(laboratory: ConntrackdLaboratory, requests: Iterable<Request>): Promise<void> {
  const words = (text: string): string => text.replace(/[\s\d]+/g, ' ').trim();
  for (const request of requests) {
    const printed = laboratory.run('active', command(laboratory, request));
    const answered = await laboratory.ask('active', request);
    if (words(printed) !== words(answered)) throw new Error(`conntrackd -s ${request} printed something else`);
  }
}

/** A process that asks the active node's daemon as the module does. */
class Asker {
  readonly #child: ChildProcess;
  readonly #input: NodeJS.WritableStream;
  readonly #lines: AsyncIterator<string>;

  constructor(laboratory: ConntrackdLaboratory) {
    const [program = '', ...words] = laboratory.via('active');
    const child = spawn(program, [...words, process.execPath, WORKER, 'ask', laboratory.socket('active')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    keep(child);
    this.#child = child;
    this.#input = child.stdin;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async ask(rounds: number): Promise<Asking> {
    this.#input.write(`${rounds}\n`);
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error('the process that should ask conntrackd has ended');
    return JSON.parse(value);
  }

  async end(): Promise<void> {
    await end(this.#child);
  }
}
