/** Cost of watching many network namespaces, beside `conntrack -S` in each of them. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { run } from '../helpers/conntrack.ts';
import { commandTime } from './cpu_time.ts';
import { paced } from './idle.ts';
import { end, keep, temporaryFolder } from './lifetime.ts';
import { most } from './netlink.ts';
import { measurePace } from './pace.ts';
import { SCRIPT } from './package.ts';
import { type PluginOptions, PluginProcess } from './plugin_process.ts';
import { figure, note } from './report.ts';
import { median } from './statistics.ts';

const MEGABYTE = 1e6;
const OFF = '{ enabled: no }';
const STAT = `modules: { events: ${OFF}, flows: ${OFF}, sockets: ${OFF}, conntrackd: ${OFF} }\n`;
/** Namespaces that `conntrack -S` is run in. */
const ASKED = 50;
/** Seconds of warm-up, in which the first searches are made, and of measurement. */
const TIMES = [60, 60] as const;
/** Milliseconds after which two searches are over. */
const SEARCHED = 25_000;
/** `live.ts`, as it was built. */
const PRELOADED = path.resolve('dist/bench/live.cjs');
/** Makes namespaces with one entry each, says `ready`, and holds them until it is ended. */
const HOLD = `
for number in $(seq "$1"); do
  unshare --net sh -c 'conntrack -I -s 10.0.0.1 -d 10.0.0.2 -p tcp --sport 1 --dport 2 --state ESTABLISHED -t 3600 >/dev/null 2>&1
    echo ready; exec sleep 3600' &
  [ $((number % 8)) = 0 ] && sleep 0.05
done
wait
`;

/** Measures the program with as many namespaces: watching none, the default number, and all. */
export async function manyNamespaces(count: number): Promise<void> {
  const holder = await hold(count);
  /** Milliseconds after the start of a second when an update came. */
  const late: number[] = [];
  const configs = ['enabled: no', 'enabled: yes', `enabled: yes, max: ${count}`];
  const start = (namespaces: string, more: Partial<PluginOptions> = {}): PluginProcess =>
    new PluginProcess({
      folder: temporaryFolder(),
      hostPrefix: '',
      config: `${STAT}namespaces: { ${namespaces} }\n`,
      ...more,
    });
  const onText = (text: string): void => {
    if (text.includes('BEGIN conntrack.sockets ')) late.push(Date.now() % 1000);
  };
  const plugins = configs.map((config, at) => start(config, at === 2 ? { onText } : {}));
  try {
    const [none, some, all] = await measurePace(plugins.map(paced), ...TIMES);
    if (none === undefined || some === undefined || all === undefined) return;
    const each = ((all.median - none.median) / count) * 1000;
    const asked = askEach(count);
    figure('a namespace and reading / conntrack -S in it, CPU time', each / asked, '');
    figure(`a namespace and reading, with ${count} watched, CPU time of the median second`, each, 'µs', most(40));
    figure('  of the mean second, with searching', ((all.mean - none.mean) / count) * 1000, 'µs');
    figure('  with 50 watched, CPU time of the median second', ((some.median - none.median) / 50) * 1000, 'µs');
    figure('nsenter, conntrack -S in a namespace', asked, 'µs');
    figure(`${count} namespaces, 50 watched: CPU time of the mean second`, some.mean, 'ms');
    note(`  (most in a second ${all.most.toFixed(0)} ms with all watched, ${some.most.toFixed(0)} ms with 50)`);
    const measured = late.slice(-TIMES[1]);
    figure(`lateness of an update, ${count} watched, median`, median(measured), 'ms');
    figure(
      `lateness of an update, ${count} watched, most of ${measured.length}`,
      Math.max(...measured),
      'ms',
      most(50),
    );
    const anonymous = all.memory.anonymous - none.memory.anonymous;
    figure(`anonymous memory that ${count} watched namespaces add`, anonymous / MEGABYTE, 'MB', most(2));
    figure(
      'anonymous memory that 50 watched namespaces add',
      (some.memory.anonymous - none.memory.anonymous) / MEGABYTE,
      'MB',
    );
    for (const plugin of plugins.splice(0)) await plugin.end();
    const scripts = configs.map((config) => new LiveScript((more) => start(config, more)));
    plugins.push(...scripts.map(({ plugin }) => plugin));
    await sleep(SEARCHED);
    const [empty = 0, few = 0, many = 0] = await Promise.all(scripts.map((script) => script.live()));
    figure(`live objects of ${count} watched namespaces, script`, (many - empty) / MEGABYTE, 'MB', most(2));
    figure('live objects of 50 watched namespaces, script', (few - empty) / MEGABYTE, 'MB');
  } finally {
    for (const plugin of plugins) await plugin.end();
    await end(holder);
  }
}

/** The script, which reports at its end how many bytes of objects and buffers a collection leaves. */
class LiveScript {
  readonly plugin: PluginProcess;
  readonly #file = path.join(temporaryFolder(), 'live');

  constructor(start: (more: Partial<PluginOptions>) => PluginProcess) {
    const env = { NODE_OPTIONS: `--require ${PRELOADED}`, LIVE: this.#file };
    this.plugin = start({ program: SCRIPT, env });
  }

  /**
   * Ends it.
   *
   * @throws when it has not reported.
   */
  async live(): Promise<number> {
    await this.plugin.end('SIGTERM');
    return Number(fs.readFileSync(this.#file, 'utf8'));
  }
}

/** CPU time of `conntrack -S` in a namespace, in microseconds. */
function askEach(count: number): number {
  const pids = run(['sh', '-c', `pgrep -x sleep | tail -n ${count}`])
    .trim()
    .split('\n')
    .slice(-ASKED);
  const command = `for pid in ${pids.join(' ')}; do nsenter --net=/proc/$pid/ns/net conntrack -S; done`;
  return (commandTime(`bash -c '${command}'`, (words) => run(words)) / pids.length) * 1000;
}

async function hold(count: number): Promise<ChildProcess> {
  // Ends the processes with the first of their process namespace.
  const words = ['--pid', '--fork', '--kill-child', 'sh', '-c', HOLD, 'sh', String(count)];
  const holder = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  keep(holder);
  let ready = 0;
  for (; ready < count; ) {
    const [text] = await once(holder.stdout, 'data');
    ready += String(text).split('ready').length - 1;
  }
  return holder;
}
