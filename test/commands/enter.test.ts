import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { UsageError } from '../../collector/base/errors.ts';
import { namespaceNamed, runInside } from '../../collector/commands/enter.ts';
import { identityAt } from '../../collector/namespaces/identity.ts';
import { namespaceNamed as named } from '../helpers/fake_namespaces.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'enter-'));
});

afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

describe('the network namespace of the option --netns', () => {
  it('has this name', () => {
    const blue = named('blue');
    expect(namespaceNamed('blue', [named('red'), blue])).toBe(blue);
  });

  it('is bound to this path, or to another one', () => {
    const path = join(directory, 'blue');
    fs.writeFileSync(path, '');
    fs.linkSync(path, join(directory, 'also'));
    const identity = identityAt(fs, path);
    const blue = named('blue', { bound: { path, identity } });
    expect(namespaceNamed(path, [named('red'), blue])).toBe(blue);
    expect(namespaceNamed(join(directory, 'also'), [named('red'), blue])).toBe(blue);
  });

  it('is that of a process, whichever process is known to be in it', () => {
    const anchor = { pid: 71, started: 17, inode: fs.statSync('/proc/self/net/dev').ino };
    const own = named('own', { bound: undefined, anchor });
    expect(namespaceNamed(`/proc/${process.pid}/ns/net`, [named('red'), own])).toBe(own);
  });

  it('must be known by its path', () => {
    fs.writeFileSync(join(directory, 'file'), '');
    const path = join(directory, 'file');
    expect(() => namespaceNamed(path, [named('blue')])).toThrow(
      new UsageError(`${path} is not the path of another network namespace`),
    );
    expect(() => namespaceNamed(join(directory, 'none'), [])).toThrow(/^--netns: .*ENOENT/);
  });

  it('is refused with a ranking of all', async () => {
    const commandLine = { netns: 'blue', given: { by: 'netns' } };
    const run = () => Promise.reject(new Error('it runs'));
    await expect(runInside(run, commandLine as never, {} as never, new RecordingLog())).rejects.toEqual(
      new UsageError('--by netns ranks all network namespaces: leave out --netns'),
    );
  });
});
