import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';

import { Output } from '../../collector/agent/output.ts';
import { RecordingLog } from '../helpers/recording_log.ts';
import { StallingPipe } from '../helpers/stalling_pipe.ts';

const MEBIBYTE = 1024 * 1024;

function setUp(): { pipe: StallingPipe; log: RecordingLog; output: Output } {
  const pipe = new StallingPipe();
  const log = new RecordingLog();
  return { pipe, log, output: new Output(pipe, log) };
}

/** One update, as the program does it: written only if there is room. */
function update(output: Output, text: string): boolean {
  const room = output.ready();
  if (room) output.tick(text);
  return room;
}

describe('an agent that reads', () => {
  it('receives each tick in one write', () => {
    const { pipe, log, output } = setUp();
    for (const text of ['one\n', 'two\nlines\n', 'three\n']) expect(update(output, text)).toBe(true);
    expect(pipe.received).toEqual(['one\n', 'two\nlines\n', 'three\n']);
    expect(log.entries).toEqual([]);
  });

  it('receives nothing for a tick without text', () => {
    const { pipe, output } = setUp();
    output.tick('');
    output.tick('next\n');
    expect(pipe.received).toEqual(['next\n']);
  });
});

describe('an agent that stops reading', () => {
  it('loses whole ticks, which is logged once, and once with their number when it reads again', async () => {
    const { pipe, log, output } = setUp();
    update(output, 'tick 1\n');
    pipe.stall();
    expect(update(output, 'tick 2\n')).toBe(true);
    expect(update(output, 'tick 3\n')).toBe(false);
    expect(update(output, 'tick 4\n')).toBe(false);
    expect(update(output, 'tick 5\n')).toBe(false);
    expect(log.entries).toEqual([
      { level: 'warning', message: 'the agent does not read: updates are dropped until it does', fields: undefined },
    ]);

    pipe.proceed();
    await turn();
    for (const tick of ['tick 6\n', 'tick 7\n']) expect(update(output, tick)).toBe(true);
    expect(log.entries).toHaveLength(1);
    expect(update(output, 'tick 8\n')).toBe(true);
    expect(pipe.text).toBe('tick 1\ntick 2\ntick 6\ntick 7\ntick 8\n');
    expect(log.entries.slice(1)).toEqual([{ level: 'info', message: 'the agent reads again', fields: { dropped: 3 } }]);
  });

  it('for hours costs the memory of one tick', () => {
    const { pipe, log, output } = setUp();
    pipe.stall();
    const tick = `${'x'.repeat(9_999)}\n`;
    let largest = 0;
    for (let count = 0; count < 20_000; count++) {
      update(output, tick);
      largest = Math.max(largest, pipe.writableLength);
    }
    expect(largest).toBe(10_000);
    expect(log.entries).toHaveLength(1);
  });

  it('a second time is logged again with its own number of ticks', async () => {
    const { pipe, log, output } = setUp();
    for (const drops of [2, 5]) {
      pipe.stall();
      update(output, 'held\n');
      for (let count = 0; count < drops; count++) update(output, 'lost\n');
      pipe.proceed();
      await turn();
      for (let count = 0; count < 3; count++) update(output, 'seen\n');
    }
    expect(log.entries.map(({ level, fields }) => [level, fields])).toEqual([
      ['warning', undefined],
      ['info', { dropped: 2 }],
      ['warning', undefined],
      ['info', { dropped: 5 }],
    ]);
    expect(pipe.text).toBe('held\nseen\nseen\nseen\nheld\nseen\nseen\nseen\n');
  });

  it('now and then is logged once, not every time', async () => {
    const { pipe, log, output } = setUp();
    for (let round = 0; round < 20; round++) {
      pipe.stall();
      update(output, 'held\n');
      update(output, 'lost\n');
      pipe.proceed();
      await turn();
    }
    expect(log.messages).toEqual(['the agent does not read: updates are dropped until it does']);
  });

  it('for less than a tick is not logged', async () => {
    const { pipe, log, output } = setUp();
    pipe.stall();
    update(output, 'slow\n');
    pipe.proceed();
    await turn();
    expect(update(output, 'next\n')).toBe(true);
    expect(pipe.text).toBe('slow\nnext\n');
    expect(log.entries).toEqual([]);
  });
});

describe('an answer', () => {
  it('waits for those before it while the agent does not read', async () => {
    const { pipe, log, output } = setUp();
    pipe.stall();
    update(output, 'tick\n');
    output.answer('answer 1\n');
    output.answer('answer 2\n');
    expect(pipe.text).toBe('');
    expect(log.entries).toEqual([]);
    pipe.proceed();
    await turn();
    expect(pipe.text).toBe('tick\nanswer 1\nanswer 2\n');
  });

  it('that waits does not mean that the agent does not read: the next tick follows it', async () => {
    const { log, pipe, output } = setUp();
    pipe.stall();
    output.answer(`${'a'.repeat(100_000)}\n`);
    expect(update(output, 'tick 1\n')).toBe(true);
    expect(update(output, 'tick 2\n')).toBe(false);
    expect(log.messages).toEqual(['the agent does not read: updates are dropped until it does']);
    pipe.proceed();
    await turn();
    expect(pipe.received.map((text) => text.slice(-8))).toEqual(['aaaaaaa\n', 'tick 1\n']);
  });

  it('follows a waiting tick and precedes later answers', async () => {
    const { pipe, output } = setUp();
    pipe.stall();
    for (const text of ['answer 1\n', 'answer 2\n', 'answer 3\n']) output.answer(text);
    update(output, 'tick\n');
    pipe.proceed();
    await turn();
    await turn();
    expect(pipe.text).toBe('answer 1\ntick\nanswer 2\nanswer 3\n');
  });

  it('is never dropped, but there is no room beyond four mebibytes, which is logged', async () => {
    const { pipe, log, output } = setUp();
    pipe.stall();
    output.answer('a'.repeat(4 * MEBIBYTE));
    expect(output.hasRoom()).toBe(true);
    output.answer('b');
    for (let call = 0; call < 100; call++) {
      expect(output.hasRoom()).toBe(false);
      output.answer('c');
    }
    expect(log.entries).toEqual([
      {
        level: 'warning',
        message: 'the agent calls functions and does not read: calls are refused',
        fields: undefined,
      },
    ]);
    pipe.proceed();
    await vi.waitUntil(() => pipe.received.length === 102);
    expect(output.hasRoom()).toBe(true);
    expect(pipe.received.map((text) => text.slice(0, 1))).toEqual(['a', 'b', ...Array(100).fill('c')]);
    expect(log.messages.slice(1)).toEqual(['calls of functions are answered again']);
  });
});

describe('an output without ticks', () => {
  it('writes an empty line if nothing was written since the last check', () => {
    const { pipe, output } = setUp();
    output.keepAlive();
    expect(pipe.text).toBe('\n');
    output.keepAlive();
    expect(pipe.text).toBe('\n\n');
  });

  it.each(['tick', 'answer'] as const)('writes an empty line only at the second check after an %s', (kind) => {
    const { pipe, output } = setUp();
    output.keepAlive();
    output[kind]('text\n');
    output.keepAlive();
    expect(pipe.text).toBe('\ntext\n');
    output.keepAlive();
    expect(pipe.text).toBe('\ntext\n\n');
  });

  it('writes no empty line while the agent does not read', () => {
    const { pipe, output } = setUp();
    pipe.stall();
    update(output, 'tick\n');
    for (let time = 0; time < 5; time++) output.keepAlive();
    expect(pipe.writableLength).toBe('tick\n'.length);
  });
});

describe('a flush', () => {
  it('is complete when everything written has left the process', async () => {
    const { pipe, output } = setUp();
    pipe.stall();
    update(output, 'last\n');
    output.answer('answer\n');
    let done = false;
    const flushed = output.flush().then(() => {
      done = true;
    });
    await turn();
    expect(done).toBe(false);
    pipe.proceed();
    await flushed;
    expect(pipe.text).toBe('last\nanswer\n');
  });

  it('of nothing is complete at once', async () => {
    const { pipe, output } = setUp();
    await output.flush();
    expect(pipe.text).toBe('');
  });
});
