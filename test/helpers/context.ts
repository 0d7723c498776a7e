/** A context of modules; a test gives the parts that it needs. */

import { Volume } from 'memfs';

import { Budget } from '../../collector/modules/budget.ts';
import type { Context } from '../../collector/modules/context.ts';
import { Limits } from '../../collector/modules/stat/limits.ts';
import { Host } from '../../collector/procfs/host.ts';
import { FakeRuntime } from './fake_runtime.ts';
import { RecordingLog } from './recording_log.ts';

export function contextOf(parts: Partial<Context>): Context {
  const { fs = new Volume(), host = new Host(fs, ''), log = new RecordingLog() } = parts;
  const unexpected = (): never => {
    throw new Error('nothing is to be opened');
  };
  return {
    fs,
    host,
    limits: new Limits(fs, host, log),
    log,
    runtime: new FakeRuntime(),
    release: '6.18.0',
    budget: new Budget(),
    ctnetlink: unexpected,
    sockDiag: unexpected,
    connect: unexpected,
    ...parts,
  };
}
