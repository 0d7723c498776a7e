import { renameSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { errorCode, OperationError } from '../../../collector/base/errors.ts';
import { Client } from '../../../collector/modules/conntrackd/client.ts';
import type { Request } from '../../../collector/modules/conntrackd/request.ts';
import { answering, type Behaviour, hanging, ListeningDaemon, MemoryDaemon } from '../../helpers/conntrackd_daemon.ts';
import { FakeRuntime } from '../../helpers/fake_runtime.ts';

const MEBIBYTE = 1024 * 1024;
const ANSWER = 'current active connections:\t          96\n';

let daemon: ListeningDaemon;
let runtime: FakeRuntime;
let sockets: Socket[];
let client: Client;

/** A client with a timeout of two seconds. */
function clientOf(connecting: (path: string) => Socket): Client {
  return new Client({
    connect: (path) => {
      const socket = connecting(path);
      sockets.push(socket);
      return socket;
    },
    runtime,
    timeout: 2000,
  });
}

/** Resolves after so many requests. */
async function asked(times: number): Promise<void> {
  while (daemon.asked.length < times) await turn();
}

async function failureOf(answer: Promise<string>): Promise<OperationError> {
  const error: unknown = await answer.then(
    (text) => new Error(`it answered with ${text.length} characters`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof OperationError)) throw error;
  return error;
}

/** Whether a promise is settled once all pending callbacks have run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  for (let turns = 0; turns < 20; turns++) await turn();
  return settled;
}

beforeEach(async () => {
  runtime = new FakeRuntime();
  sockets = [];
  client = clientOf((path) => connect(path));
  daemon = await ListeningDaemon.listen(answering(ANSWER));
});

afterEach(async () => {
  // Every timer, descriptor and connection is closed.
  await daemon.idle();
  expect([runtime.waiting, sockets.filter(({ destroyed }) => !destroyed)]).toEqual([0, []]);
  await daemon.close();
});

describe('a reply of conntrackd', () => {
  it('is the whole text; each request has its own connection', async () => {
    expect(await client.ask(daemon.path, 'ct')).toBe(ANSWER);
    expect(await client.ask(daemon.path, 'queue')).toBe(ANSWER);
    expect([daemon.asked, sockets.length, runtime.asked]).toEqual([[21, 36], 2, [2000, 2000]]);
  });

  it('can arrive in pieces of any size', async () => {
    daemon.behave(answering(...ANSWER));
    expect(await client.ask(daemon.path, 'ct')).toBe(ANSWER);
  });

  it('can be empty', async () => {
    daemon.behave(answering());
    expect(await client.ask(daemon.path, 'expect')).toBe('');
  });

  it('ends where the daemon closes the connection, even in the middle of a line', async () => {
    daemon.behave((socket) => socket.write('cache internal:\ncurrent act', () => socket.destroy()));
    expect(await client.ask(daemon.path, 'ct')).toBe('cache internal:\ncurrent act');
  });

  it('of binary data has one character per byte', async () => {
    daemon.behave(answering(Uint8Array.of(0, 0x80, 0xc3, 0xa4, 0xff)));
    expect(await client.ask(daemon.path, 'ct')).toBe('\0\x80\xc3\xa4\xff');
  });

  it('goes to the request that it belongs to', async () => {
    const answers = new Map<number, string>([
      [21, 'of ct\n'],
      [31, 'of link\n'],
      [35, ''],
    ]);
    daemon.behave((socket) => socket.end(answers.get(daemon.asked.at(-1) ?? 0) ?? ''));
    const requests: readonly Request[] = ['ct', 'link', 'process'];
    expect(await Promise.all(requests.map((request) => client.ask(daemon.path, request)))).toEqual([
      'of ct\n',
      'of link\n',
      '',
    ]);
  });
});

describe('a reply that does not end', () => {
  const cases: readonly (readonly [string, Behaviour])[] = [
    ['begin', hanging],
    ['end', (socket) => socket.write('cache internal:\n')],
  ];

  it.each(cases)('because it does not %s times out', async (_what, behaviour) => {
    daemon.behave(behaviour);
    const answer = client.ask(daemon.path, 'link');
    await asked(1);
    runtime.advanceTo(1.999);
    expect(await isSettled(answer)).toBe(false);
    runtime.advanceTo(2);
    const error = await failureOf(answer);
    expect([error.code, error.message]).toEqual([
      'ETIMEDOUT',
      `request link from ${daemon.path}: ETIMEDOUT: connection timed out`,
    ]);
  });

  it('does not delay another request', async () => {
    daemon.behave(hanging);
    const hung = client.ask(daemon.path, 'ct');
    await asked(1);
    daemon.behave(answering(ANSWER));
    expect(await client.ask(daemon.path, 'ct')).toBe(ANSWER);
    runtime.advanceTo(2);
    expect((await failureOf(hung)).code).toBe('ETIMEDOUT');
  });
});

describe('a reply that is too long', () => {
  it('is longer than a mebibyte', async () => {
    daemon.behave(answering('a'.repeat(MEBIBYTE)));
    expect(await client.ask(daemon.path, 'ct')).toHaveLength(MEBIBYTE);
    daemon.behave(answering('a'.repeat(MEBIBYTE + 1)));
    const { code, message } = await failureOf(client.ask(daemon.path, 'ct'));
    expect([code, message]).toEqual([undefined, `request ct from ${daemon.path}: reply longer than ${MEBIBYTE} bytes`]);
  });

  it('is not read to its end', async () => {
    let sent = 0;
    // As much as the client reads.
    const pour = (socket: Socket): void => {
      while (!socket.destroyed && socket.write('b'.repeat(65_536))) sent += 65_536;
    };
    daemon.behave((socket) => {
      socket.on('drain', () => pour(socket));
      pour(socket);
    });
    await failureOf(client.ask(daemon.path, 'cache'));
    await daemon.idle();
    expect(sent).toBeLessThan(8 * MEBIBYTE);
  });

  it('is truncated if it is that to rsqueue, but read to its end', async () => {
    const line = 'object -> seq:1795240812\n';
    const text = `resent queue (len=200000)\n${line.repeat(200_000)}`;
    let written = 0;
    daemon.behave((socket) => {
      socket.on('finish', () => {
        written = socket.bytesWritten;
      });
      socket.end(text);
    });
    const answer = await client.ask(daemon.path, 'rsqueue');
    expect([text.startsWith(answer), written]).toEqual([true, text.length]);
    expect(answer.length).toBeGreaterThan(4096 - 1);
    // At most one more read.
    expect(answer.length).toBeLessThan(4096 + 65_536);
  });
});

describe('a request to a daemon', () => {
  it('fails with ENOENT if there is no socket', async () => {
    const { code, message } = await failureOf(client.ask(`${daemon.path}.gone`, 'ct'));
    expect(code).toBe('ENOENT');
    expect(message).toContain(`request ct from ${daemon.path}.gone: connect ENOENT`);
  });

  it('fails with ECONNREFUSED if it was killed and its socket remains', async () => {
    const killed = await ListeningDaemon.listen(hanging);
    const left = `${daemon.path}.left`;
    renameSync(killed.path, left);
    await killed.close();
    expect((await failureOf(client.ask(left, 'ct'))).code).toBe('ECONNREFUSED');
  });

  it.each(['EACCES', 'EPERM', 'EAGAIN', 'EMFILE'])('fails with %s if connecting does', async (code) => {
    const refusing = new MemoryDaemon();
    refusing.instead = { fails: code };
    const { cause, code: found } = await failureOf(clientOf(() => refusing.connect()).ask('/run/a.ctl', 'runtime'));
    expect([found, errorCode(cause)]).toEqual([code, code]);
  });

  it('fails with ECONNRESET if it closes without reading the request', async () => {
    const deaf = await ListeningDaemon.listen(hanging, true);
    const answer = client.ask(deaf.path, 'ct');
    while (deaf.open === 0 || sockets[0]?.bytesWritten !== 4 || sockets[0].writableLength > 0) await turn();
    deaf.hangUp();
    expect((await failureOf(answer)).code).toBe('ECONNRESET');
    await deaf.close();
  });
});

describe('a closed client', () => {
  it('aborts requests, whose promises stay pending', async () => {
    daemon.behave(hanging);
    const answers = [client.ask(daemon.path, 'ct'), client.ask(daemon.path, 'link')];
    await asked(2);
    client.close();
    client.close();
    await daemon.idle();
    for (const answer of answers) expect(await isSettled(answer)).toBe(false);
    expect(runtime.waiting).toBe(0);
    runtime.advanceTo(60);
    for (const answer of answers) expect(await isSettled(answer)).toBe(false);
  });

  it('aborts a request that is not connected yet', async () => {
    const answer = client.ask(daemon.path, 'ct');
    client.close();
    expect(await isSettled(answer)).toBe(false);
    expect(daemon.asked).toEqual([]);
  });

  it('sends no more requests', async () => {
    client.close();
    expect((await failureOf(client.ask(daemon.path, 'ct'))).message).toContain('the client is closed');
    expect([sockets, runtime.asked]).toEqual([[], []]);
  });
});
