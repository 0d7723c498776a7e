import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import type { Chart } from '../../charts/types.ts';
import { Emitter } from '../../collector/agent/emit.ts';
import { Output } from '../../collector/agent/output.ts';
import { Plugin } from '../../collector/jobs/plugin.ts';
import type { Module, Sample, Status } from '../../collector/modules/module.ts';
import { RecordingLog } from '../helpers/recording_log.ts';
import { StallingPipe } from '../helpers/stalling_pipe.ts';

const SECOND = 1_000_000;

function chart(id: string): Chart {
  return {
    id,
    scope: 'host',
    title: `The ${id}`,
    units: 'things',
    family: 'all',
    context: `test.${id}`,
    type: 'line',
    module: id,
    dimensions: [{ id: 'count', metric: id }],
  };
}

/** A module that returns what it is told to, or throws it. */
class Told implements Module {
  readonly name: string;
  readonly metric: string;
  readonly every = 1;
  /** When it was asked, in microseconds. */
  readonly asked: number[] = [];
  /** Whether it was told that its samples are drawn, each time. */
  readonly drawn: boolean[] = [];
  /** Nothing for one that works in the background and has nothing new. */
  next: number | Error | undefined = 0;

  constructor(name: string, metric = name) {
    this.name = name;
    this.metric = metric;
  }

  collect(at: number, isDrawn: boolean): readonly Sample[] {
    this.asked.push(at);
    this.drawn.push(isDrawn);
    if (this.next instanceof Error) throw this.next;
    if (this.next === undefined) return [];
    return [{ scope: 'host', instance: '', labels: {}, values: { [this.metric]: this.next } }];
  }

  status(): Status {
    return { reads: [], problems: [] };
  }

  close(): void {
    throw new Error('a tick closes nothing');
  }
}

function setUp() {
  const pipe = new StallingPipe();
  const log = new RecordingLog();
  const apples = new Told('apples');
  const pears = new Told('pears');
  const emitter = new Emitter({ charts: [chart('apples'), chart('pears')], source: '' });
  const jobs: { modules: readonly Module[] } = { modules: [apples, pears] };
  const plugin = new Plugin({ jobs, renderer: emitter, output: new Output(pipe, log), log });
  const tick = (seconds: number, skipped = 0): void => plugin.tick({ at: seconds * SECOND, skipped });
  return { pipe, log, apples, pears, jobs, tick };
}

/** The updates in a text, each as its chart, its microseconds and its value. */
function updates(text: string): string[] {
  return [...text.matchAll(/^BEGIN conntrack\.(\w+)(?: (\d+))?\nSET count = (\d+)\nEND$/gm)].map(
    ([, id, microseconds, value]) => `${id} ${microseconds ?? '-'} ${value}`,
  );
}

describe('a tick', () => {
  it('sends what is computed from several modules with what they return', () => {
    const { pipe, jobs, log } = setUp();
    const [stat, events] = [new Told('stat', 'found'), new Told('events', 'new')];
    jobs.modules = [stat, events];
    const emitter = new Emitter({ charts: [chart('nat_candidates')], source: '' });
    const plugin = new Plugin({ jobs, renderer: emitter, output: new Output(pipe, log), log });
    stat.next = 51;
    events.next = 17;
    for (const seconds of [100, 101]) plugin.tick({ at: seconds * SECOND, skipped: 0 });
    expect(pipe.received.flatMap(updates)).toEqual(['nat_candidates - 3']);
  });

  it('asks every module and sends what they return in one write', () => {
    const { pipe, apples, pears, tick } = setUp();
    apples.next = 31;
    pears.next = 47;
    tick(100);
    apples.next = 32;
    pears.next = 48;
    tick(101);
    expect(pipe.received.map(updates)).toEqual([
      ['apples - 31', 'pears - 47'],
      ['apples 1000000 32', 'pears 1000000 48'],
    ]);
    expect(apples.asked).toEqual([100 * SECOND, 101 * SECOND]);
    expect(pears.asked).toEqual([100 * SECOND, 101 * SECOND]);
  });

  it('that is on schedule says nothing in the log', () => {
    const { log, tick } = setUp();
    tick(100);
    tick(101);
    expect(log.entries).toEqual([]);
  });

  it('that others were skipped before says so once, and how many there were when it has been on schedule for a minute', () => {
    const { log, pipe, tick } = setUp();
    tick(100);
    tick(104, 3);
    tick(106, 1);
    expect(log.entries).toEqual([{ level: 'warning', message: 'late: updates are skipped', fields: { skipped: 3 } }]);
    expect(updates(pipe.text)).toContain('apples 4000000 0');

    tick(165);
    expect(log.entries).toHaveLength(1);
    tick(166);
    tick(167);
    expect(log.entries.slice(1)).toEqual([{ level: 'info', message: 'back on schedule', fields: { skipped: 4 } }]);
    tick(170, 2);
    expect(log.entries[2]).toMatchObject({ level: 'warning', fields: { skipped: 2 } });
  });
});

describe('a module that fails', () => {
  const error = new TypeError('no such fruit');
  const entry = {
    level: 'error',
    message: 'the module failed: its charts are silent until it works again',
    fields: { module: 'apples', error: 'no such fruit' },
  };

  it('does not stop the others and is reported once', () => {
    const { pipe, log, apples, pears, tick } = setUp();
    apples.next = error;
    for (const [index, seconds] of [100, 101, 102].entries()) {
      pears.next = 60 + index;
      tick(seconds);
    }
    expect(updates(pipe.text)).toEqual(['pears - 60', 'pears 1000000 61', 'pears 1000000 62']);
    expect(log.entries).toEqual([entry]);
    expect(apples.asked).toHaveLength(3);
  });

  it('is drawn again as soon as it works, with the true time since', () => {
    const { pipe, log, apples, tick } = setUp();
    apples.next = 5;
    tick(100);
    apples.next = error;
    tick(101);
    tick(102);
    apples.next = 8;
    tick(103);
    expect(updates(pipe.text).filter((update) => update.startsWith('apples'))).toEqual([
      'apples - 5',
      'apples 3000000 8',
    ]);
    expect(log.entries).toEqual([
      entry,
      { level: 'info', message: 'the module works again', fields: { module: 'apples' } },
    ]);
  });

  it('after it worked is reported again', () => {
    const { log, apples, tick } = setUp();
    const states: (number | Error)[] = [error, 1, error, 2];
    for (const [index, state] of states.entries()) {
      apples.next = state;
      tick(100 + index);
    }
    expect(log.messages).toEqual([entry.message, 'the module works', entry.message, 'the module works again']);
  });

  it('in the background, in every other update, is reported once, until it returns something', () => {
    const { log, apples, tick } = setUp();
    for (let round = 0; round < 50; round++) {
      apples.next = error;
      tick(100 + 2 * round);
      apples.next = undefined;
      tick(101 + 2 * round);
    }
    expect(log.entries).toEqual([entry]);
    apples.next = 12;
    tick(300);
    expect(log.messages).toEqual([entry.message, 'the module works']);
  });

  it('is told from another that fails too', () => {
    const { pipe, log, apples, pears, tick } = setUp();
    apples.next = error;
    pears.next = new Error('rotten');
    tick(100);
    tick(101);
    expect(log.entries.map(({ fields }) => fields)).toEqual([
      { module: 'apples', error: 'no such fruit' },
      { module: 'pears', error: 'rotten' },
    ]);
    expect(pipe.received).toEqual([]);
  });
});

describe('an agent that does not read', () => {
  it('misses whole ticks, while the sources are read all the same', async () => {
    const { pipe, apples, tick } = setUp();
    apples.next = 1;
    tick(100);
    pipe.stall();
    for (const seconds of [101, 102, 103]) {
      apples.next = seconds;
      tick(seconds);
    }
    expect(apples.asked).toHaveLength(4);
    pipe.proceed();
    await turn();
    apples.next = 104;
    tick(104);
    expect(updates(pipe.text).filter((update) => update.startsWith('apples'))).toEqual([
      'apples - 1',
      'apples 1000000 101',
      'apples 3000000 104',
    ]);
  });

  it('is no secret to the modules: each is told whether what it returns is drawn', async () => {
    const { pipe, apples, pears, tick } = setUp();
    pears.next = new Error('not ripe');
    tick(100);
    pipe.stall();
    for (const seconds of [101, 102, 103]) tick(seconds);
    pipe.proceed();
    await turn();
    tick(104);
    expect(apples.drawn).toEqual([true, true, false, false, true]);
    expect(pears.drawn).toEqual(apples.drawn);
  });

  it('gets the definition of a chart that was new meanwhile', async () => {
    const { pipe, apples, pears, tick } = setUp();
    pears.next = new Error('not ripe');
    tick(100);
    pipe.stall();
    apples.next = 3;
    tick(101);
    pears.next = 9;
    tick(102);
    pipe.proceed();
    await turn();
    tick(103);
    expect(pipe.text.match(/^CHART conntrack\.pears /gm)).toHaveLength(1);
    expect(updates(pipe.text).filter((update) => update.startsWith('pears'))).toEqual(['pears - 9']);
    expect(pipe.text.indexOf('CHART conntrack.pears')).toBeLessThan(pipe.text.indexOf('BEGIN conntrack.pears'));
  });
});

describe('replacing the modules', () => {
  it('does not log the failure of a module again that stays', () => {
    const { apples, jobs, log, pears, tick } = setUp();
    const plums = new Told('plums');
    apples.next = new Error('no such fruit');
    tick(100);
    jobs.modules = [apples, plums];
    tick(101);
    expect([apples, pears, plums].map(({ asked }) => asked.length)).toEqual([2, 1, 1]);
    expect(log.entries).toHaveLength(1);
  });
});
