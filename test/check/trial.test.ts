import { describe, expect, it } from 'vitest';

import { UsageError } from '../../collector/base/errors.ts';
import type { CheckOptions } from '../../collector/check/check.ts';
import { ProblemError } from '../../collector/modules/problem.ts';
import { checked, found, module, NO_NAMESPACES } from '../helpers/check_scene.ts';
import { namespaceNamed } from '../helpers/fake_namespaces.ts';

const BLUE = namespaceNamed('blue', { anchor: { pid: 7, started: 1, inode: 2 } });

/** Checks the namespace `netns` of a host that has the namespace blue. */
async function checkedIn(netns: string | undefined, refusal?: Error) {
  const events: string[] = [];
  const namespaces: CheckOptions['namespaces'] = {
    ...NO_NAMESPACES,
    find: () =>
      (function* () {
        yield;
        return { namespaces: [BLUE], hidden: [] };
      })(),
    enter: () => {
      if (refusal !== undefined) throw refusal;
      events.push('enter');
      return {
        via: 'process 7 (x)',
        directory: '/proc/7/net',
        settings: '',
        openSetting: () => {
          throw new TypeError('not a setting');
        },
        open: () => {
          throw new ProblemError('malformed_file', 'x');
        },
        inside: (action) => action(),
        verify: () => undefined,
        close: () => void events.push('close'),
      };
    },
    named: (given) => {
      if (given !== 'blue') throw new UsageError(`unknown network namespace "${given}"`);
      return BLUE;
    },
    modules: (_, { name }) => [module('stat', `${name}/stat`)],
  };
  return { ...(await checked({ options: { namespaces, netns } })), events };
}

describe('a trial', () => {
  it('is of the modules of the host, and looks into each namespace, unless one is asked for', async () => {
    const { events, report } = await checkedIn(undefined);
    expect(report.netns).toBeUndefined();
    expect(report.modules.map(({ name }) => name)).toContain('conntrackd');
    expect(report.modules[0]?.reads).toEqual(['/proc/net/stat/nf_conntrack']);
    expect(events).toEqual(['enter', 'close']);
    expect(found(report)).toContain('namespaces hint malformed_file');
  });

  it('has no modules if the namespace that is asked for does not exist', async () => {
    const { report, text } = await checkedIn('bleu');
    expect(report).toMatchObject({ netns: 'bleu', works: false, modules: [] });
    expect(text).toContain('✗ FAIL  namespace       bleu\n        unknown network namespace "bleu"\n');
  });

  it('has no modules if the namespace that is asked for cannot be read: that is a fault', async () => {
    const refusal = new ProblemError('namespace_closed', '/run/netns/blue', 'CAP_SYS_ADMIN is missing');
    const { report } = await checkedIn('blue', refusal);
    expect(report).toMatchObject({ works: false, modules: [] });
    expect(found(report)).toContain('namespaces fault namespace_closed');
  });
});
