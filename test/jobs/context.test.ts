import { beforeEach, describe, expect, it, vi } from 'vitest';

import { createAccess } from '../../collector/modules/access.ts';
import { Collecting } from '../helpers/collecting.ts';

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
});
