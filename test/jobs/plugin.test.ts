import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import type { Chart } from '../../charts/types.ts';
import { Emitter } from '../../collector/agent/emit.ts';
import { Output } from '../../collector/agent/output.ts';
import { NatSearch } from '../../collector/jobs/derived.ts';
import { type Place, Placement } from '../../collector/jobs/place.ts';
import { type Asked, Plugin } from '../../collector/jobs/plugin.ts';
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

/** A module that returns the given samples, or throws the given error. */
class Scripted implements Module {
  readonly name: string;
  readonly metric: string;
  readonly every = 1;
  /** When it was asked, in microseconds. */
  readonly asked: number[] = [];
  /** For each call, whether its samples are sent. */
  readonly sent: boolean[] = [];
  /** Nothing for one that works in the background and has nothing new. */
  next: number | Error | undefined = 0;

  constructor(name: string, metric = name) {
    this.name = name;
    this.metric = metric;
  }

  collect(at: number, isDrawn: boolean): readonly Sample[] {
    this.asked.push(at);
    this.sent.push(isDrawn);
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

/** A job of these modules on the host, or in the given network namespace. */
function job(place: Place | undefined, ...modules: readonly Module[]): Asked {
  const placement = place && new Placement(place);
  return {
    netns: place?.labels['netns'],
    modules,
    natSearch: new NatSearch(),
    placed: (samples) => placement?.of(samples) ?? samples,
  };
}

function setUp() {
  const pipe = new StallingPipe();
  const log = new RecordingLog();
  const apples = new Scripted('apples');
  const pears = new Scripted('pears');
  const emitter = new Emitter({ charts: [chart('apples'), chart('pears')], source: '' });
  const jobs = { all: [job(undefined, apples, pears)] };
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
    const [stat, events] = [new Scripted('stat', 'found'), new Scripted('events', 'new')];
    jobs.all = [job(undefined, stat, events)];
    const emitter = new Emitter({ charts: [chart('nat_candidates')], source: '' });
    const plugin = new Plugin({ jobs, renderer: emitter, output: new Output(pipe, log), log });
    stat.next = 51;
    events.next = 17;
    for (const seconds of [100, 101]) plugin.tick({ at: seconds * SECOND, skipped: 0 });
    expect(pipe.received.flatMap(updates)).toEqual(['nat_candidates - 3']);
  });

  it('computes that for each job from its own modules, and charts each job by itself', () => {
    const { pipe, jobs, log } = setUp();
    const [stat, events] = [new Scripted('stat', 'found'), new Scripted('events', 'new')];
    const [guestStat, guestEvents] = [new Scripted('stat', 'found'), new Scripted('events', 'new')];
    jobs.all = [
      job(undefined, stat, events),
      job({ instance: 'netns_blue', labels: { netns: 'blue' } }, guestStat, guestEvents),
    ];
    const emitter = new Emitter({ charts: [chart('nat_candidates'), chart('found')], source: '' });
    const plugin = new Plugin({ jobs, renderer: emitter, output: new Output(pipe, log), log });
    [stat.next, events.next, guestStat.next, guestEvents.next] = [51, 17, 38, 19];
    for (const seconds of [100, 101]) plugin.tick({ at: seconds * SECOND, skipped: 0 });
    expect(pipe.received.flatMap(updates)).toEqual([
      'found - 51',
      'found_netns_blue - 38',
      'nat_candidates - 3',
      'nat_candidates_netns_blue - 2',
      'found 1000000 51',
      'found_netns_blue 1000000 38',
    ]);
    expect(pipe.text).toContain("CLABEL 'netns' 'blue' 1\n");
  });

  it('names the network namespace whose module fails', () => {
    const { jobs, log, pears, tick } = setUp();
    jobs.all = [job({ instance: 'netns_blue', labels: { netns: 'blue' } }, pears)];
    pears.next = new Error('overripe');
    tick(100);
    pears.next = 3;
    tick(101);
    expect(log.entries.map(({ fields }) => fields?.['netns'])).toEqual(['blue', 'blue']);
  });

  it('reads every module and sends the result in one write', () => {
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

  it('that is on schedule is not logged', () => {
    const { log, tick } = setUp();
    tick(100);
    tick(101);
    expect(log.entries).toEqual([]);
  });

  it('after skipped ones is logged once, and once with their number after a minute on schedule', () => {
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
    message: 'the module failed: its charts have no data until it works again',
    fields: { module: 'apples', error: 'no such fruit' },
  };

  it('does not stop the others and is logged once', () => {
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

  it('has values again as soon as it works, with the exact time since the last ones', () => {
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

  it('after it worked is logged again', () => {
    const { log, apples, tick } = setUp();
    const states: (number | Error)[] = [error, 1, error, 2];
    for (const [index, state] of states.entries()) {
      apples.next = state;
      tick(100 + index);
    }
    expect(log.messages).toEqual([entry.message, 'the module works', entry.message, 'the module works again']);
  });

  it('in the background at every other update is logged once until it returns samples', () => {
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

  it('is logged apart from another that fails too', () => {
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
  it('misses whole ticks while the sources are still read', async () => {
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

  it('is known to each module, which then keeps its samples', async () => {
    const { pipe, apples, pears, tick } = setUp();
    pears.next = new Error('not ripe');
    tick(100);
    pipe.stall();
    for (const seconds of [101, 102, 103]) tick(seconds);
    pipe.proceed();
    await turn();
    tick(104);
    expect(apples.sent).toEqual([true, true, false, false, true]);
    expect(pears.sent).toEqual(apples.sent);
  });

  it('receives the definition of a chart that began meanwhile', async () => {
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
  it('does not log the failure of a remaining module again', () => {
    const { apples, jobs, log, pears, tick } = setUp();
    const plums = new Scripted('plums');
    apples.next = new Error('no such fruit');
    tick(100);
    jobs.all = [job(undefined, apples, plums)];
    tick(101);
    expect([apples, pears, plums].map(({ asked }) => asked.length)).toEqual([2, 1, 1]);
    expect(log.entries).toHaveLength(1);
  });
});
