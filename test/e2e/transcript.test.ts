/** The built program on a recorded host whose counters move, wrap, are reset and are truncated, compared with a transcript. */

import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { Program } from '../helpers/program.ts';
import { parseStream } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url));
const TRANSCRIPT = join(FIXTURES, 'moving/transcript.txt');
const RATE_UNITS = /\/s$/;
/** Sockets are counted after the odd steps; the next step prints them. */
const SOCKETS_EVERY = 2;
/** The step before which the lists of sockets are replaced: no count is under way then. */
const OTHER_SOCKETS = '5-wrap-ahead';

let host = '';

beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'conntrack-moving-'));
  cpSync(join(FIXTURES, 'hosts/linux-6.18'), host, { recursive: true });
});

afterEach(() => rmSync(host, { recursive: true, force: true }));

// On a busy machine a tick can be skipped, or come again before the files of the next step are in place.
it('the program prints the recorded transcript of a host whose counters move', { retry: 5 }, async () => {
  const steps = readdirSync(join(FIXTURES, 'moving/steps')).sort(
    (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10),
  );
  // The number of entries is in another file, which does not change on a recorded host.
  rmSync(join(host, 'proc/sys/net/netfilter/nf_conntrack_count'));
  show(steps[0]);
  // The other modules cannot collect anything from a recorded host and would log that.
  const sockets = `sockets: { read_from: procfs, update_every: ${SOCKETS_EVERY}, cpu_share: 100 }`;
  // Functions are registered before the first tick.
  const modules = `modules: { events: { enabled: no }, flows: { enabled: no }, ${sockets} }`;
  const config = `functions: { enabled: no }\n${modules}\n`;
  const program = new Program(['1'], { NETDATA_HOST_PREFIX: host }, { config });
  const ticks: string[] = [];
  for (const step of steps) {
    const before = ticks.join('').length;
    if (step.endsWith('torn')) await program.logged('torn');
    else await until(`a tick at step ${step}; ${program.err}`, 120, () => program.out.length > before);
    // A tick is one write: any output means that the file has been read.
    ticks.push(program.out.slice(before));
    show(steps[steps.indexOf(step) + 1]);
  }
  await program.stop();

  const pieces = ticks.map((_, at) => describeTick(ticks.slice(0, at + 1).join(''), ticks.slice(0, at).join('')));
  const transcript = `${steps.map((step, at) => `# ${step}\n${pieces[at]}`).join('\n')}\n# log\n${logOf(program)}`;
  if (process.env['UPDATE_TRANSCRIPT'] === '1') writeFileSync(TRANSCRIPT, transcript);
  expect(transcript).toBe(readFileSync(TRANSCRIPT, 'utf8'));
});

/** Puts the files of a step in place, the statistics atomically. */
function show(step: string | undefined): void {
  if (step === undefined) return;
  if (step === OTHER_SOCKETS) cpSync(join(FIXTURES, 'moving/sockets'), join(host, 'proc/net'), { recursive: true });
  const file = join(host, 'proc/net/stat/nf_conntrack');
  copyFileSync(join(FIXTURES, 'moving/steps', step), `${file}.new`);
  renameSync(`${file}.new`, file);
}

/**
 * Text of a tick that does not depend on the real clock: without microseconds, and with the number of events in place
 * of each rate.
 */
function describeTick(stream: string, before: string): string {
  const { definitions, updates } = parseStream(stream);
  const known = parseStream(before).updates.length;
  const news = stream.slice(before.length).replaceAll(/^BEGIN[\s\S]*?\nEND\n/gm, '');
  const added = updates.slice(known);
  // The first chart has an update in every tick; its microseconds are the time of the tick's rates.
  const elapsed = added[0]?.microseconds ?? 0;
  const lines = added.map(({ chart, microseconds, values }) => {
    const isRate = RATE_UNITS.test(definitions[chart]?.units ?? '');
    const events = (value: number): string => `${Math.round((value * elapsed) / 1e9)} events`;
    const texts = Object.entries(values).map(([id, value]) => `${id} ${isRate ? events(value) : value}`);
    return `${chart}${microseconds === undefined ? ' (first)' : ''}: ${texts.join(', ')}`;
  });
  return `${news}${lines.join('\n')}\n`;
}

function logOf(program: Program): string {
  return program.err.replaceAll(/^time=\S+ /gm, '').replaceAll(host, '');
}
