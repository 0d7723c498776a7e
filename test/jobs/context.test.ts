import { Volume } from 'memfs';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { createContext } from '../../collector/jobs/context.ts';
import { createAccess } from '../../collector/modules/access.ts';
import { Collecting } from '../helpers/collecting.ts';
import { contextOf } from '../helpers/context.ts';

vi.mock(import('../../collector/modules/access.ts'), async (original) => ({
  ...(await original()),
  createAccess: vi.fn(),
}));

beforeEach(() => {
  vi.mocked(createAccess).mockReset();
});

describe('the context of a job', () => {
  it('has access to the kernel through its file system, host and library', () => {
    const { volume } = new Collecting('', { prefix: '/host' });
    expect(createAccess).toHaveBeenCalledTimes(1);
    const [options] = vi.mocked(createAccess).mock.calls[0] ?? [];
    expect(options?.fs).toBe(volume);
    expect(options?.host.path('/proc')).toBe('/host/proc');
    expect(options?.library).toBe('/usr/lib/conntrack-koffi');
  });

  it('has the release of the kernel of the host', () => {
    const fs = Volume.fromJSON({ '/host/proc/sys/kernel/osrelease': '4.4.0-210-generic\n' }) as never;
    const context = createContext({ ...contextOf({}), hostPrefix: '/host', library: '', memory: Buffer.alloc(4), fs });
    expect(context.release).toBe('4.4.0-210-generic');
  });
});
