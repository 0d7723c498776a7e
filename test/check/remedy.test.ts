import { describe, expect, it } from 'vitest';

import { fillTemplate, remedy } from '../../collector/check/remedy.ts';
import { PLACES } from '../helpers/check_host.ts';

describe('a remedy', () => {
  it('has the values of the host in its note and its commands', () => {
    expect(remedy('turn_off_builtin_below', { ...PLACES, prefix: '/srv/my agent' })).toEqual({
      note: 'Then restart the agent.',
      lines: ["sudo /p/conntrack-setup --replace-builtin --prefix '/srv/my agent'"],
    });
    expect(remedy('check_later', { wait: '17' })).toEqual({ note: 'Check again in 17 s.', lines: [] });
  });

  it('has no commands if a value of one of them cannot be quoted safely', () => {
    const template = { note: 'Open {socket}:', lines: ['sudo true', "echo 'chgrp {socket}'"] };
    expect(fillTemplate(template, { socket: '/run/a.ctl' }).lines).toEqual(['sudo true', "echo 'chgrp /run/a.ctl'"]);
    expect(fillTemplate(template, { socket: '/run/a b' })).toEqual({ note: 'Open /run/a b:', lines: [] });
  });
});
