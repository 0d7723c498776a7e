import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { fail, logTo, openOutput, print } from '../../collector/commands/streams.ts';
import { Exit, fakeProcess } from '../helpers/fake_process.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

const { O_NONBLOCK, O_WRONLY } = fs.constants;

/** An error of the system with that code. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the system says`), { code });
}

/** Makes standard error a pipe or something else, and decides what reopening it does. */
function standardError(isPipe: boolean, opened: () => number) {
  vi.spyOn(fs, 'fstatSync').mockReturnValue({ isFIFO: () => isPipe } as fs.Stats & fs.BigIntStats);
  return vi.spyOn(fs, 'openSync').mockImplementation(opened);
}

function written() {
  return vi.spyOn(fs, 'writeSync').mockReturnValue(1);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 21, 17, 1, 2, 345) });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the log on standard error', () => {
  const LINE = 'time=2026-11-21T17:01:02.345Z comm=conntrack.plugin source=collector level=warning msg=torn\n';

  it('reopens a pipe as non-blocking', () => {
    const open = standardError(true, () => 17);
    const write = written();
    logTo('info').warning('torn');
    expect(open).toHaveBeenCalledExactlyOnceWith('/proc/self/fd/2', O_WRONLY | O_NONBLOCK);
    expect(write).toHaveBeenCalledExactlyOnceWith(17, LINE);
  });

  it('does not reopen standard error if it is not a pipe', () => {
    const open = standardError(false, () => 17);
    const write = written();
    logTo('info').warning('torn');
    expect(open).not.toHaveBeenCalled();
    expect(write).toHaveBeenCalledExactlyOnceWith(2, LINE);
  });

  it('uses standard error itself if it cannot be reopened', () => {
    standardError(true, () => {
      throw systemError('EACCES');
    });
    const write = written();
    logTo('info').warning('torn');
    expect(write).toHaveBeenCalledExactlyOnceWith(2, LINE);
  });

  it('drops messages below its level', () => {
    standardError(false, () => 17);
    const write = written();
    logTo('warning').notice('torn');
    expect(write).not.toHaveBeenCalled();
  });

  it('ignores a failed write', () => {
    standardError(false, () => 17);
    const write = written().mockImplementation(() => {
      throw systemError('EAGAIN');
    });
    expect(() => logTo('info').error('torn')).not.toThrow();
    expect(write).toHaveBeenCalledOnce();
  });
});

describe('an unexpected error', () => {
  it('ends the process with 1 and is logged with its cause and location', () => {
    fakeProcess();
    const log = new RecordingLog();
    const error = new Error('ouch', { cause: new Error('the root') });
    error.stack = 'Error: ouch\n    at here (file:1:2)\n    at there (file:3:4)';
    expect(() => fail(log, error)).toThrow(new Exit(1));
    expect(log.entries).toEqual([
      { level: 'error', message: 'unexpected: ouch', fields: { cause: 'the root', where: 'at here (file:1:2)' } },
    ]);
  });

  it('is logged without a cause if it has none, and without a location if it is not an Error', () => {
    fakeProcess();
    const log = new RecordingLog();
    const error = Object.assign(new Error('ouch'), { stack: 'Error: ouch\n    at here (file:1:2)' });
    expect(() => fail(log, error)).toThrow(new Exit(1));
    expect(() => fail(log, 'thrown')).toThrow(new Exit(1));
    expect(log.entries.map(({ message, fields }) => [message, fields])).toEqual([
      ['unexpected: ouch', { cause: undefined, where: 'at here (file:1:2)' }],
      ['unexpected: thrown', { cause: undefined, where: undefined }],
    ]);
  });
});

describe('print', () => {
  it('writes to standard output', () => {
    const write = written();
    print('help\n');
    expect(write).toHaveBeenCalledExactlyOnceWith(1, 'help\n');
  });

  it.each(['EPIPE', 'ECONNRESET'])('ignores a closed pipe (%s)', (code) => {
    const write = written().mockImplementation(() => {
      throw systemError(code);
    });
    expect(() => print('help\n')).not.toThrow();
    expect(write).toHaveBeenCalledOnce();
  });

  it('throws any other write error', () => {
    const full = systemError('ENOSPC');
    written().mockImplementation(() => {
      throw full;
    });
    expect(() => print('help\n')).toThrow(full);
  });
});

describe('standard output', () => {
  /** Opens it on an emitter instead of the real stream. */
  function opened() {
    const { events } = fakeProcess();
    const stream = new EventEmitter();
    vi.spyOn(process.stdout, 'on').mockImplementation((event, listener) => {
      stream.on(event, listener);
      return process.stdout;
    });
    const log = new RecordingLog();
    const reasons: string[] = [];
    const output = openOutput(log, (why) => reasons.push(why));
    return { events, log, output, reasons, stream };
  }

  it('receives what the output writes', () => {
    const { output } = opened();
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    output.tick('BEGIN a\nEND\n');
    expect(write).toHaveBeenCalledExactlyOnceWith('BEGIN a\nEND\n', expect.any(Function));
  });

  it.each(['EPIPE', 'ECONNRESET'])('quits if its reader is gone (%s)', (code) => {
    const { log, reasons, stream } = opened();
    stream.emit('error', systemError(code));
    expect(reasons).toEqual(['standard output is closed']);
    expect(log.entries).toEqual([]);
  });

  it('reports any other write error as unexpected', () => {
    const { log, reasons, stream } = opened();
    expect(() => stream.emit('error', systemError('ENOSPC'))).toThrow(new Exit(1));
    expect(log.entries).toMatchObject([{ level: 'error', message: 'unexpected: ENOSPC: as the system says' }]);
    expect(reasons).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGINT'])('quits on %s', (signal) => {
    const { events, reasons } = opened();
    events.emit(signal);
    expect(reasons).toEqual([signal]);
  });
});
