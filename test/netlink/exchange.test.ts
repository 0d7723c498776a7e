import { describe, expect, it } from 'vitest';

import { errorCode, FormatError, OperationError } from '../../collector/base/errors.ts';
import { Exchange, type Progress } from '../../collector/netlink/exchange.ts';
import { Flow } from '../../collector/netlink/flow.ts';
import type { Question } from '../../collector/netlink/request.ts';
import { capture } from '../helpers/capture.ts';
import {
  ASKED,
  altered,
  bytes,
  done,
  entry,
  error,
  FakeChannel,
  failure,
  type Message,
  message,
  overrun,
  type Receipt,
  statistics,
} from '../helpers/netlink_channel.ts';

const NLM_F_DUMP_INTR = 0x10;

interface Result {
  /** The progress after each call. */
  readonly progress: Progress[];
  /** The protocol of each visited entry. */
  readonly protocols: number[];
}

/** Requests the table and takes the whole reply. */
function dump(...receipts: readonly Receipt[]): Result {
  const channel = new FakeChannel({ slots: 64 });
  channel.reply('table', ...receipts);
  const exchange = new Exchange(channel);
  exchange.ask('table');
  return takeAll(channel, exchange);
}

function takeAll(channel: FakeChannel, exchange: Exchange): Result {
  const flow = new Flow(channel.memory);
  const result: Result = { progress: [], protocols: [] };
  do {
    const progress = exchange.take((reader) => {
      flow.read(reader);
      result.protocols.push(flow.protocol);
    });
    result.progress.push(progress);
  } while (result.progress.at(-1) === 'more');
  return result;
}

const of = (protocol: number): Message => entry({ protocol });

describe('an exchange', () => {
  it('takes the datagrams of each call until the end of the reply', () => {
    const result = dump([[of(1), of(2)], of(3)], [of(4)], [[of(5), done()]]);
    expect(result).toEqual({ progress: ['more', 'more', 'complete'], protocols: [1, 2, 3, 4, 5] });
  });

  it('takes an empty reply', () => {
    expect(dump([done()])).toEqual({ progress: ['complete'], protocols: [] });
  });

  it('continues after an empty datagram', () => {
    expect(dump([bytes(), of(1), bytes()], [done()])).toEqual({ progress: ['more', 'complete'], protocols: [1] });
  });

  it('takes a reply of one message although the kernel flags it as multipart', () => {
    const channel = new FakeChannel();
    channel.reply('statistics', [altered(statistics({ entries: 17 }), 6, 2, 2)]);
    let messages = 0;
    const progress = new Exchange(channel).answer('statistics', () => messages++);
    expect([progress, messages, channel.waiting]).toEqual(['complete', 1, 0]);
  });

  it('ignores messages after the end', () => {
    expect(dump([[of(1), done(), of(2)], of(3)])).toEqual({ progress: ['complete'], protocols: [1] });
  });

  it('numbers its requests and sends them', () => {
    const channel = new FakeChannel();
    const exchange = new Exchange(channel);
    for (const question of ['table', 'statistics', 'table'] as const) exchange.ask(question);
    expect(channel.sent.map(({ question, sequence }) => [question, sequence])).toEqual([
      ['table', 1],
      ['statistics', 2],
      ['table', 3],
    ]);
  });

  it('skips messages of another request, including its end and its errors', () => {
    const old = [of(90), done(), error(1), message(4, 0, ASKED), altered(of(91), 6, 2, NLM_F_DUMP_INTR)];
    const others = [0, 2, 0xffffffff].flatMap((sequence) => old.map((one) => altered(one, 8, 4, sequence)));
    expect(dump([[...others, of(1)], ...others], [[of(2), ...others, done()]])).toEqual({
      progress: ['more', 'complete'],
      protocols: [1, 2],
    });
  });

  it('ignores the rest of an earlier reply', () => {
    const channel = new FakeChannel();
    const exchange = new Exchange(channel);
    channel.replyWith('table', (time) => [[of(10 * time), of(10 * time + 1)], [done()]]);
    exchange.ask('table');
    exchange.take(() => undefined);
    exchange.ask('table');
    // The end of the first answer, then the second.
    expect(takeAll(channel, exchange)).toEqual({ progress: ['more', 'more', 'complete'], protocols: [20, 21] });
  });

  it.each<[string, Receipt[]]>([
    ['a message has the flag', [[of(1), altered(of(2), 6, 2, NLM_F_DUMP_INTR | 2), of(3)], [done()]]],
    ['the end has the flag', [[of(1), of(2), of(3)], [done(0, NLM_F_DUMP_INTR)]]],
    ['the kernel reports an overrun', [[of(1), message(4, 0, ASKED), of(2)], [[of(3), done()]]]],
    ['datagrams were dropped before the reply', [overrun(), [of(1), of(2), of(3)], [done()]]],
    ['datagrams were dropped within the reply', [[of(1), of(2)], overrun(), [[of(3), done()]]]],
  ])('reports an interrupted reply when %s', (_, receipts) => {
    expect(dump(...receipts)).toEqual({ progress: ['more', 'interrupted'], protocols: [1, 2, 3] });
  });

  it('forgets an interruption before the next reply', () => {
    const channel = new FakeChannel();
    channel.replyWith('table', (time) => [[done(0, time === 1 ? NLM_F_DUMP_INTR : 0)]]);
    const exchange = new Exchange(channel);
    const answers = [1, 2].map(() => exchange.answer('table', () => undefined));
    expect(answers).toEqual(['interrupted', 'complete']);
  });

  it('skips no-op messages', () => {
    expect(dump([[message(1, 0, ASKED, new Uint8Array(40)), of(1), message(1, 0, ASKED)], done()])).toEqual({
      progress: ['complete'],
      protocols: [1],
    });
  });

  it.each<[string, Message]>([
    ['with status 0', done(0)],
    ['without a status', done(undefined)],
    ['with a positive status', done(7)],
    ['that is an acknowledgement', error(0)],
  ])('is complete at an end %s', (_, end) => {
    expect(dump([of(1), end])).toEqual({ progress: ['complete'], protocols: [1] });
  });

  it.each<[Question, string, Message, string]>([
    ['table', 'EPERM', error(1), 'ask ctnetlink for the connection table: EPERM: operation not permitted'],
    ['statistics', 'ENOENT', error(2), 'ask ctnetlink for the number of entries: ENOENT: no such file or directory'],
    [
      'cpuStatistics',
      'EBUSY',
      error(16),
      'ask ctnetlink for the statistics of every CPU: EBUSY: resource busy or locked',
    ],
    [
      'expectationStatistics',
      'errno 4000',
      error(4000),
      'ask ctnetlink for the statistics of expectations: errno 4000: unknown error',
    ],
    ['table', 'ENOMEM', done(-12), 'ask ctnetlink for the connection table: ENOMEM: not enough memory'],
  ])('throws the reason when the kernel refuses or aborts: %s, %s', (question, code, end, text) => {
    const channel = new FakeChannel();
    channel.reply(question, [end]);
    const thrown = capture(() => new Exchange(channel).answer(question, () => undefined));
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({ code, message: text });
  });

  it.each([0, 3])('refuses an error message of %d bytes', (length) => {
    const thrown = capture(() => dump([message(2, 0, ASKED, new Uint8Array(length).fill(0xff))]));
    expect(thrown).toEqual(new FormatError('an error message without an error number'));
  });

  it.each<[string, Receipt[]]>([
    ['arrives', []],
    ['ends the reply', [[of(1)], [of(2)]]],
    ['belongs to the request', [[altered(done(), 8, 4, 77)]]],
  ])('fails when no message %s', (_, receipts) => {
    const thrown = capture(() => dump(...receipts));
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({
      code: undefined,
      message: 'ask ctnetlink for the connection table: the reply is incomplete',
    });
  });

  it('throws the errors of the channel', () => {
    const broken = failure('EBADF');
    expect(capture(() => dump([of(1)], broken))).toBe(broken);
    const channel = new FakeChannel();
    channel.failures.send = failure('ECONNREFUSED', 'send to');
    expect(errorCode(capture(() => new Exchange(channel).ask('table')))).toBe('ECONNREFUSED');
  });

  it('throws the errors of the visitor', () => {
    const channel = new FakeChannel();
    channel.reply('table', [of(1), done()]);
    const thrown = new FormatError('the visitor does not like it');
    const visit = (): never => {
      throw thrown;
    };
    expect(capture(() => new Exchange(channel).answer('table', visit))).toBe(thrown);
  });

  it.each([1, 15, 17, 19])('refuses a message truncated to %d bytes and reads nothing after it', (length) => {
    const whole = of(9);
    // The memory behind the datagram is full of answers to this very question.
    const channel = new FakeChannel({ around: altered(of(66), 8, 4, 1) });
    channel.reply('table', [[of(1), whole.subarray(0, length)]]);
    const exchange = new Exchange(channel);
    const flow = new Flow(channel.memory);
    const protocols: number[] = [];
    exchange.ask('table');
    const thrown = capture(() =>
      exchange.take((reader) => {
        flow.read(reader);
        protocols.push(flow.protocol);
      }),
    );
    expect(thrown).toBeInstanceOf(FormatError);
    expect(protocols).toEqual([1]);
  });

  it('refuses a datagram truncated to its slot', () => {
    const channel = new FakeChannel({ slotSize: 64 });
    channel.reply('table', [of(1)], [done()]);
    const thrown = capture(() => new Exchange(channel).answer('table', () => undefined));
    expect(thrown).toEqual(new FormatError(`a message claims ${of(1).length} bytes, but 64 are left`));
  });
});
