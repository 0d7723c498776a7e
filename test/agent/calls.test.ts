import { describe, expect, it } from 'vitest';

import { type Call, Calls, MOST_WAITING } from '../../collector/agent/calls.ts';
import type { Reply } from '../../collector/agent/function_json.ts';
import { FakeRuntime } from '../helpers/fake_runtime.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

/** Calls, and what was answered: the transaction, and the error or the body. */
class Scene {
  readonly runtime = new FakeRuntime();
  readonly log = new RecordingLog();
  readonly calls = new Calls(this.runtime, this.log);
  readonly answered: [string, number, string][] = [];
  /** Transactions whose work has begun, and how to end it. */
  readonly begun = new Map<string, { end: () => void; fail: (error: unknown) => void; signal: AbortSignal }>();

  add(transaction: string, more: Partial<Call> = {}): void {
    const run = (signal: AbortSignal): Promise<Reply> =>
      new Promise((resolve, reject) => {
        this.begun.set(transaction, {
          end: () => resolve({ status: 200, body: `body of ${transaction}` }),
          fail: reject,
          signal,
        });
      });
    const answer = ({ body, status }: Reply): void => {
      const text = status === 200 ? body : JSON.parse(body).errorMessage;
      this.answered.push([transaction, status, text]);
    };
    this.calls.add({ transaction, name: 'conntrack:top', timeout: 20, run, answer, ...more });
  }

  async end(transaction: string): Promise<void> {
    this.begun.get(transaction)?.end();
    await this.runtime.settle();
  }
}

const CANCELLED = [499, 'the call was cancelled'] as const;

describe('calls', () => {
  it('run one at a time, in their order', async () => {
    const scene = new Scene();
    for (const name of ['a', 'b', 'c']) scene.add(name);
    expect([...scene.begun.keys()]).toEqual(['a']);
    await scene.end('a');
    expect([...scene.begun.keys()]).toEqual(['a', 'b']);
    await scene.end('b');
    await scene.end('c');
    expect(scene.answered).toEqual(['a', 'b', 'c'].map((name) => [name, 200, `body of ${name}`]));
    expect(scene.runtime.waiting).toBe(0);
  });

  it('are refused while one runs and eight wait', async () => {
    const scene = new Scene();
    for (let place = 0; place <= MOST_WAITING + 1; place++) scene.add(`${place}`);
    expect(MOST_WAITING).toBe(8);
    expect(scene.answered).toEqual([['9', 503, 'busy: 8 calls wait already; try again in a few seconds']]);
    await scene.end('0');
    scene.add('later');
    expect(scene.answered.map(([name]) => name)).toEqual(['9', '0']);
  });

  it('of one transaction are each answered', async () => {
    const scene = new Scene();
    scene.add('same');
    scene.add('same');
    await scene.end('same');
    await scene.end('same');
    expect(scene.answered).toEqual([
      ['same', 200, 'body of same'],
      ['same', 200, 'body of same'],
    ]);
  });
});

describe('a cancelled call', () => {
  it('that runs is answered at once and stopped, and the next runs when its work has ended', async () => {
    const scene = new Scene();
    scene.add('a');
    scene.add('b');
    scene.calls.cancel('a');
    expect(scene.answered).toEqual([['a', ...CANCELLED]]);
    expect(scene.begun.get('a')?.signal.aborted).toBe(true);
    await scene.runtime.settle();
    expect(scene.begun.has('b')).toBe(false);
    scene.begun.get('a')?.fail(new Error('aborted'));
    await scene.runtime.settle();
    expect(scene.begun.has('b')).toBe(true);
    expect(scene.answered).toHaveLength(1);
    expect(scene.log.entries).toEqual([]);
  });

  it('that waits is answered at once and never runs', async () => {
    const scene = new Scene();
    for (const name of ['a', 'b', 'c']) scene.add(name);
    scene.calls.cancel('b');
    await scene.end('a');
    expect(scene.answered).toEqual([
      ['b', ...CANCELLED],
      ['a', 200, 'body of a'],
    ]);
    expect([...scene.begun.keys()]).toEqual(['a', 'c']);
  });

  it('is answered once, however often it is cancelled, and not after its answer', async () => {
    const scene = new Scene();
    scene.add('a');
    scene.calls.cancel('a');
    scene.calls.cancel('a');
    await scene.end('a');
    scene.calls.cancel('a');
    scene.calls.cancel('unknown');
    expect(scene.answered).toEqual([['a', ...CANCELLED]]);
  });
});

describe('a call whose time is over', () => {
  it('is answered with 504 before the agent gives up, whether it runs or waits', async () => {
    const scene = new Scene();
    scene.add('a', { timeout: 7 });
    scene.add('b', { timeout: 9 });
    expect(scene.runtime.asked).toEqual([6750, 8750]);
    scene.runtime.advanceTo(6.75);
    scene.runtime.advanceTo(8.75);
    expect(scene.answered).toEqual([
      ['a', 504, 'no answer within 7 seconds; ask for less, or allow more time'],
      ['b', 504, 'no answer within 9 seconds; ask for less, or allow more time'],
    ]);
    await scene.end('a');
    expect([...scene.begun.keys()]).toEqual(['a']);
    expect(scene.answered).toHaveLength(2);
  });
});

describe('a call whose function fails', () => {
  it('is answered with 500 and logged, and the next one runs', async () => {
    const scene = new Scene();
    scene.add('a');
    scene.add('b');
    scene.begun.get('a')?.fail(new TypeError('x is not a function'));
    await scene.end('a');
    await scene.end('b');
    expect(scene.answered).toEqual([
      ['a', 500, 'conntrack:top failed: x is not a function; report this as a bug'],
      ['b', 200, 'body of b'],
    ]);
    expect(scene.log.entries).toMatchObject([
      {
        level: 'error',
        message: 'a function failed',
        fields: { function: 'conntrack:top', error: 'x is not a function' },
      },
    ]);
  });
});

describe('calls that are closed', () => {
  it('are all answered', () => {
    const scene = new Scene();
    scene.add('a');
    scene.add('b');
    scene.calls.close();
    expect(scene.answered).toEqual([
      ['a', 503, 'the plugin is ending'],
      ['b', 503, 'the plugin is ending'],
    ]);
    expect(scene.begun.get('a')?.signal.aborted).toBe(true);
    expect(scene.runtime.waiting).toBe(0);
  });
});
