import { describe, expect, it } from 'vitest';

import { FormatError } from '../../collector/base/errors.ts';
import { parseCpuList } from '../../collector/procfs/cpu_list.ts';

describe('a CPU list of the kernel', () => {
  it.each([
    ['0\n', [0]],
    ['0-3\n', [0, 1, 2, 3]],
    ['0,4-5,9\n', [0, 4, 5, 9]],
  ])('reads %j', (text, cpus) => {
    expect(parseCpuList(text)).toEqual(cpus);
  });

  it.each(['', '3-1', '0-3,2', '1,1', 'a', '0-', '-1', '0-999999', '0;1'])('refuses %j', (text) => {
    expect(() => parseCpuList(text)).toThrow(FormatError);
  });
});
