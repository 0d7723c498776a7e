/**
 * Memory growth of the real collector, run in this process in accelerated time, with counters that change before every
 * update, every chart sent, and an agent that reads everything.
 */

import fs from 'node:fs';
import { createConnection } from 'node:net';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Emitter } from '../../collector/agent/emit.ts';
import { Output } from '../../collector/agent/output.ts';
import { createLog } from '../../collector/base/log.ts';
import type { Runtime } from '../../collector/base/runtime.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { createContext } from '../../collector/jobs/context.ts';
import { chartsOf } from '../../collector/jobs/job.ts';
import { HOST, Jobs } from '../../collector/jobs/jobs.ts';
import { Plugin } from '../../collector/jobs/plugin.ts';
import { Budget } from '../../collector/modules/budget.ts';
import { receiveMemory } from '../../collector/netlink/foreign.ts';
import { temporaryFolder } from './lifetime.ts';
import { RecordedHost } from './recorded_host.ts';

/** Nothing of the process is asked for by the module that is measured. */
const runtime: Runtime = {
  monotonic: () => 0,
  cpuTime: () => 0,
  later: () => () => undefined,
  yield: () => Promise.resolve(),
};

const CPUS = 4;
/** Updates before the first measurement. */
const SETTLE = 1000;
const UPDATES = 100_000;

/** What grew between the first and the last measurement, in bytes. */
export interface Growth {
  readonly updates: number;
  /** JavaScript's own memory: the heap, and what lies outside of it, array buffers among it. */
  readonly heap: number;
  /** Resident memory of the whole process. Room that V8 once needed for young objects stays in it. */
  readonly resident: number;
}

/** Runs the collector and measures the growth of memory. */
export async function measureGrowth(): Promise<Growth> {
  const host = new RecordedHost(temporaryFolder(), CPUS);
  let written = 0;
  const sink = new Writable({
    write: (_chunk, _encoding, done) => {
      written++;
      done();
    },
  });
  const log = createLog({ level: 'warning', now: Date.now, write: (line) => process.stderr.write(line) });
  const output = new Output(sink, log);
  const config = parseConfig(
    'benchmark',
    'modules: { stat: { enabled: yes, per_cpu: yes }, events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no }, conntrackd: { enabled: no } }',
  );
  const hostPrefix = host.prefix;
  const jobs = new Jobs();
  const renderer = new Emitter({ charts: chartsOf(config), source: config.source });
  const plugin = new Plugin({ jobs, log, output, renderer });
  const context = createContext({
    hostPrefix,
    release: '',
    library: '',
    connect: createConnection,
    budget: new Budget(),
    memory: receiveMemory(0),
    fs,
    runtime,
    log,
  });
  if (!jobs.set(HOST, context, { config, every: 1 })) throw new Error('there is nothing to collect');

  const statistics = fs.openSync(host.statistics, 'r+');
  let seconds = 0;
  const advance = async (updates: number): Promise<void> => {
    for (let update = 0; update < updates; update++) {
      fs.writeSync(statistics, host.nextStatistics(), 0);
      plugin.tick({ at: ++seconds * 1e6, skipped: 0 });
      if (update % 100 === 0) await nextTurn();
    }
  };
  try {
    await advance(SETTLE);
    const before = await settled();
    await advance(UPDATES);
    const after = await settled();
    if (written !== SETTLE + UPDATES) throw new Error(`${written} of ${SETTLE + UPDATES} updates were written`);
    return { updates: UPDATES, heap: after.heap - before.heap, resident: after.resident - before.resident };
  } finally {
    jobs.close();
    fs.closeSync(statistics);
  }
}

/** Memory in use after a full garbage collection. */
async function settled(): Promise<{ heap: number; resident: number }> {
  if (globalThis.gc === undefined) throw new Error('memory can be measured only with --expose-gc');
  for (let round = 0; round < 2; round++) {
    globalThis.gc();
    await nextTurn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, resident: rss };
}
