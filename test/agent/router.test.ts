import { describe, expect, it, vi } from 'vitest';

import type { FunctionCall } from '../../collector/agent/protocol/messages.ts';
import { Router } from '../../collector/agent/router.ts';
import { ArgumentError, type LiveFunction } from '../../collector/functions/function.ts';
import { ProblemError } from '../../collector/modules/problem.ts';
import { type FunctionAnswer, parseAnswers } from '../helpers/function_answers.ts';
import { ANSWER, fakeSources, liveFunction } from '../helpers/live_functions.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

const MEMBERS = { enabled: true, access: 'members' } as const;
const [EVERYTHING, ANONYMOUS] = [0xffff, 0x8];

/** A router in use, and what it has written since the registration. */
class Scene {
  readonly sources = fakeSources();
  readonly log = new RecordingLog();
  readonly written: string[] = [];
  readonly router: Router;
  hasRoom = true;

  constructor(...functions: readonly LiveFunction[]) {
    const write = (text: string): void => void this.written.push(text);
    const { log, sources } = this;
    const hasRoom = (): boolean => this.hasRoom;
    this.router = new Router({ functions, sources, log, version: 'v2.11.0-84-nightly', write, hasRoom });
    this.router.use(MEMBERS);
    this.written.length = 0;
  }

  get answers(): FunctionAnswer[] {
    return parseAnswers(this.written.join(''));
  }

  call(text: string, more: Partial<FunctionCall> = {}): void {
    const unsaid = { transaction: '4f2a-01', timeout: 60, permissions: EVERYTHING, payload: undefined };
    this.router.receive({ kind: 'function', call: text, ...unsaid, ...more });
  }

  /** The only answer to a call. */
  async answerTo(text: string, more: Partial<FunctionCall> = {}): Promise<FunctionAnswer['body']> {
    const before = this.written.length;
    this.call(text, more);
    await this.sources.runtime.settle();
    const [answer, ...others] = this.answers.slice(before);
    if (answer === undefined || others.length > 0) throw new Error(`expected one answer, got ${others.length}`);
    expect(answer.body['status']).toBe(answer.status);
    return answer.body;
  }
}

describe('a call of a function', () => {
  it('is answered with its table, stale at once', async () => {
    const scene = new Scene(liveFunction('top'), liveFunction('stuck'));
    expect(await scene.answerTo('conntrack:stuck', { transaction: '4f2a-07' })).toMatchObject({
      status: 200,
      help: expect.stringMatching('The stuck connections'),
    });
    expect(scene.answers).toMatchObject([{ transaction: '4f2a-07', status: 200, expires: 1_712_345_678 }]);
  });

  it('passes the arguments of its words and of its payload', async () => {
    const given: unknown[] = [];
    const keep = liveFunction('top', (received) => {
      given.push(received);
      return ANSWER;
    });
    const scene = new Scene(keep);
    await scene.answerTo(' conntrack:top  by:nat-address unreplied after:-600');
    await scene.answerTo('conntrack:top', { payload: '{"selections":{"by":["source"]},"limit":7}\n' });
    expect(given).toEqual([
      { by: 'nat-address', unreplied: 'yes' },
      { by: 'source', limit: '7' },
    ]);
  });

  it('with info is answered at once, while another call runs', async () => {
    const scene = new Scene(liveFunction('top', () => new Promise(() => undefined)));
    scene.call('conntrack:top', { transaction: 'slow' });
    expect(await scene.answerTo('conntrack:top info after:1 before:2')).toMatchObject({ v: 3, status: 200 });
  });

  it('builds a long answer in slices, and stops when it is cancelled', async () => {
    const rows = Array.from({ length: 1000 }, (_, place) => ({ cells: ANSWER.columns.map(() => place) }));
    const scene = new Scene(liveFunction('top', () => ({ ...ANSWER, rows })));
    const runtime = scene.sources.runtime;
    // Every look at the clock takes a tenth of a slice.
    scene.sources.runtime.monotonic = () => {
      runtime.compute(500);
      return runtime.cpuTime();
    };
    const release = runtime.hold(20);
    scene.call('conntrack:top');
    await runtime.settle();
    expect(runtime.yields).toBe(21);
    expect(scene.answers).toEqual([]);
    scene.router.cancel('4f2a-01');
    release();
    await runtime.settle();
    expect(scene.answers).toMatchObject([{ status: 499 }]);
    expect(runtime.yields).toBe(21);
  });
});

describe('a call that cannot be answered', () => {
  it('because the function is unknown gets 404 and the names of those there are', async () => {
    const scene = new Scene(liveFunction('top'), liveFunction('nat-ports'));
    expect(await scene.answerTo('conntrack:flows limit:7')).toEqual({
      status: 404,
      errorMessage:
        'conntrack.plugin has no function "conntrack:flows"; expected one of conntrack:top, conntrack:nat-ports',
    });
    expect(await scene.answerTo('')).toMatchObject({ errorMessage: expect.stringMatching('no function ""') });
    expect(await scene.answerTo('x'.repeat(20_000))).toMatchObject({
      errorMessage: expect.stringMatching(`no function "${'x'.repeat(100)}"`),
    });
  });

  it.each(['FUNCTION_RESULT_END', '"quoted', 'back\\slash', '</script>', 'größe'])(
    'because the function is %j gets valid JSON',
    async (name) => {
      const scene = new Scene(liveFunction('top'));
      const { errorMessage } = await scene.answerTo(name);
      expect(errorMessage).toContain(JSON.stringify(name));
    },
  );

  it('because of a bad argument gets 400 and says which', async () => {
    const scene = new Scene(
      liveFunction('top', () => {
        throw new ArgumentError('src: found "here", allowed: an address or a prefix');
      }),
    );
    expect(await scene.answerTo('conntrack:top by:mood')).toEqual({
      status: 400,
      errorMessage: 'conntrack:top: by: found "mood", allowed: source or nat-address',
    });
    expect(await scene.answerTo('conntrack:top src:here')).toEqual({
      status: 400,
      errorMessage: 'conntrack:top: src: found "here", allowed: an address or a prefix',
    });
  });

  it('because the table cannot be read gets 503, the problem and how to fix it', async () => {
    const scene = new Scene(
      liveFunction('top', () => {
        throw new ProblemError('no_capability', 'ctnetlink');
      }),
    );
    expect(await scene.answerTo('conntrack:top')).toEqual({
      status: 503,
      errorMessage: 'ctnetlink: the plugin lacks CAP_NET_ADMIN; run conntrack.plugin check to see how to grant it',
    });
    expect(scene.log.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('because the agent has not read earlier answers gets a short 503, and nothing is run', async () => {
    const unrun = vi.fn(() => ANSWER);
    const scene = new Scene(liveFunction('top', unrun));
    scene.hasRoom = false;
    for (const text of ['conntrack:top', 'conntrack:top info']) {
      expect(await scene.answerTo(text)).toEqual({
        status: 503,
        errorMessage: 'busy: the agent has not read the answers to earlier calls; try again in a few seconds',
      });
    }
    expect(unrun).not.toHaveBeenCalled();
  });

  it('because of a defect gets 500', async () => {
    const scene = new Scene(
      liveFunction('top', () => {
        throw new TypeError('rows is undefined');
      }),
    );
    expect(await scene.answerTo('conntrack:top')).toEqual({
      status: 500,
      errorMessage: 'conntrack:top failed: rows is undefined; report this as a bug',
    });
  });
});

describe('access', () => {
  it('is refused to a caller without the permissions of a member', async () => {
    const scene = new Scene(liveFunction('top'));
    for (const permissions of [ANONYMOUS, 0x12, 0x3]) {
      expect(await scene.answerTo('conntrack:top info', { permissions })).toMatchObject({ status: 403 });
    }
    expect(await scene.answerTo('conntrack:top info', { permissions: 0x13 })).toMatchObject({ status: 200 });
  });

  it('is left to an agent that does not say who calls', async () => {
    const scene = new Scene(liveFunction('top'));
    expect(await scene.answerTo('conntrack:top', { permissions: undefined })).toMatchObject({ status: 200 });
  });

  it('is open to anyone if the operator wants it, and functions are registered so', async () => {
    const scene = new Scene(liveFunction('top'));
    scene.router.use({ enabled: true, access: 'anyone' });
    expect(scene.written.splice(0).join('')).toMatch(/^FUNCTION GLOBAL 'conntrack:top' .* 0x8 100 3\n$/);
    expect(await scene.answerTo('conntrack:top', { permissions: ANONYMOUS })).toMatchObject({ status: 200 });
  });

  it('ends when functions are turned off: they are removed, and a call gets 404', async () => {
    const scene = new Scene(liveFunction('top'));
    scene.router.use({ enabled: false, access: 'members' });
    expect(scene.written.splice(0)).toEqual(["FUNCTION_DEL GLOBAL 'conntrack:top'\n"]);
    expect(await scene.answerTo('conntrack:top')).toEqual({
      status: 404,
      errorMessage: 'functions are turned off; set functions.enabled in conntrack.conf',
    });
  });
});

describe('what functions keep between calls', () => {
  it('ends when they are turned off, and with the plugin', () => {
    const close = vi.fn();
    const scene = new Scene({ ...liveFunction('events'), close });
    expect(close).toHaveBeenCalledTimes(0);
    scene.router.use({ enabled: false, access: 'members' });
    expect(close).toHaveBeenCalledTimes(1);
    scene.router.close();
    expect(close).toHaveBeenCalledTimes(2);
  });
});

describe('the end of the plugin', () => {
  it('answers every call that is under way', () => {
    const scene = new Scene(liveFunction('top', () => new Promise(() => undefined)));
    scene.call('conntrack:top', { transaction: 'runs' });
    scene.call('conntrack:top', { transaction: 'waits' });
    scene.router.close();
    expect(scene.answers.map(({ status, transaction }) => [transaction, status])).toEqual([
      ['runs', 503],
      ['waits', 503],
    ]);
  });
});
