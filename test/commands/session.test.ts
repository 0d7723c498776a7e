import { describe, expect, it } from 'vitest';

import { Session, type SessionOptions } from '../../collector/commands/session.ts';
import { ConfigError } from '../../collector/config/error.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { FakeClock, MONOTONIC_START } from '../helpers/fake_clock.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

const ORIGIN = Date.UTC(2033, 2, 9);
const FILE = '/etc/netdata/conntrack.conf';

/** A configuration as far as a session knows it. */
interface Asked {
  readonly file: string | undefined;
  readonly every: number;
}

/** A session that reads a file, and what it did. */
class Running {
  readonly clock = new FakeClock(ORIGIN);
  readonly log = new RecordingLog();
  /** The text of the file. */
  file = '';
  /** The intervals that were put into effect. */
  readonly applied: number[] = [];
  /** When updates came, in seconds since the start. */
  readonly updates: number[] = [];
  readonly session: Session<Asked>;

  constructor(options: Partial<SessionOptions<Asked>> = {}) {
    this.session = new Session({
      clock: this.clock,
      log: this.log,
      read: () => this.#read(),
      apply: ({ every }) => {
        this.applied.push(every);
        return true;
      },
      tick: ({ at }) => this.updates.push((at - MONOTONIC_START) / 1e6),
      isPatient: true,
      most: 4,
      ...options,
    });
  }

  async #read(): Promise<Asked> {
    return { every: parseConfig(FILE, this.file).update_every, file: FILE };
  }

  /** After so many sleeps from now the file has this text, and the process gets the signal to read it. */
  reloadAfter(sleeps: number, text: string): this {
    for (let sleep = 1; sleep < sleeps; sleep++) this.clock.onSleep((asked) => this.clock.advance(asked));
    this.clock.onSleep(() => {
      this.clock.advance(123);
      this.file = text;
      this.session.reload();
    });
    return this;
  }

  get logged(): string[] {
    return this.log.entries.map(({ level, message }) => `${level} ${message}`);
  }
}

const INVALID = 'update_every: 1\nmode: quick\n';
const PROBLEM = `${FILE}: line 2: mode: expected basic or advanced, got "quick"`;

describe('a session', () => {
  it('makes the given number of updates at the interval of the configuration', async () => {
    const running = new Running();
    running.file = 'update_every: 60';
    expect(await running.session.run()).toBe(true);
    expect([running.applied, running.updates, running.logged]).toEqual([[60], [0, 60, 120, 180], []]);
  });

  it('makes no update if every module is off', async () => {
    const running = new Running({ apply: () => false });
    expect(await running.session.run()).toBe(false);
    expect([running.updates, running.clock.sleeps]).toEqual([[], []]);
  });
});

describe('an invalid configuration at the start', () => {
  it('is logged once for each change, read every two seconds, and used once it is valid', async () => {
    const running = new Running({ most: 1 });
    running.file = INVALID;
    const texts = [INVALID, INVALID, 'mode: slow', 'mode: slow', 'mode: basic'];
    for (const text of texts) {
      running.clock.onSleep((asked) => {
        running.clock.advance(asked);
        running.file = text;
      });
    }
    expect(await running.session.run()).toBe(true);
    expect(running.clock.sleeps).toEqual(texts.map(() => 2000));
    expect([running.applied, running.updates]).toEqual([[1], [10]]);
    expect(running.logged).toEqual([
      `error ${PROBLEM}; waiting until this is fixed`,
      `error ${FILE}: line 1: mode: expected basic or advanced, got "slow"; waiting until this is fixed`,
      'info the configuration is valid: starting',
    ]);
  });

  it('is read again immediately on request', async () => {
    const running = new Running({ most: 1 }).reloadAfter(1, '');
    running.file = INVALID;
    await running.session.run();
    expect(running.updates).toEqual([0.123]);
  });

  it('is an error if the session must not wait for a fix', async () => {
    const running = new Running({ isPatient: false });
    running.file = INVALID;
    await expect(running.session.run()).rejects.toThrow(
      new ConfigError(FILE, [{ line: 2, text: 'mode: expected basic or advanced, got "quick"' }]),
    );
    expect([running.clock.sleeps, running.logged]).toEqual([[], []]);
  });

  it('is not confused with a defect of the program, which is thrown', async () => {
    const read = (): never => {
      throw new TypeError('not a function');
    };
    await expect(new Running({ read }).session.run()).rejects.toThrow(TypeError);
  });
});

describe('a reload of the configuration', () => {
  it('takes effect immediately, with the new interval', async () => {
    const running = new Running({ most: 5 }).reloadAfter(2, 'update_every: 2');
    running.file = 'update_every: 300';
    await running.session.run();
    expect(running.applied).toEqual([300, 2]);
    expect(running.updates).toEqual([0, 300, 300.5, 302, 304]);
    expect(running.log.entries).toEqual([
      { level: 'info', message: 'the configuration was reloaded', fields: { file: FILE } },
    ]);
  });

  it('changes nothing if the file is invalid, and logs why', async () => {
    const running = new Running().reloadAfter(2, INVALID);
    running.file = 'update_every: 60';
    await running.session.run();
    expect(running.applied).toEqual([60]);
    expect(running.updates).toEqual([0, 60, 60.5, 120]);
    expect(running.logged).toEqual([`error ${PROBLEM}; keeping the running configuration`]);
  });

  it('does not end the session if it turns every module off', async () => {
    let applied = 0;
    const running = new Running({ apply: () => ++applied === 1 }).reloadAfter(1, 'mode: basic');
    expect(await running.session.run()).toBe(true);
    expect([applied, running.updates.length]).toEqual([2, 4]);
  });

  it('does not stop the updates, however often it is requested', async () => {
    const running = new Running({ most: 20 });
    for (let time = 0; time < 100; time++) {
      running.clock.onSleep((asked) => {
        running.clock.advance(Math.min(asked, 10));
        running.session.reload();
      });
    }
    await running.session.run();
    expect(running.updates).toHaveLength(20);
  });

  it('follows the first update if it is requested before', async () => {
    const running = new Running({ most: 2, read: async () => ({ every: 300, file: undefined }) });
    running.session.reload();
    await running.session.run();
    expect(running.updates).toEqual([0, 0.5]);
  });
});
