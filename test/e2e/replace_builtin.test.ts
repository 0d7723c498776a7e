/** How the installer turns the agent's built-in collector off in `netdata.conf`, and takes that back. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import { Machine, type Result } from '../helpers/machine.ts';
import { addStaticAgent, PREFIX, put, removeDebiansAgent, STATIC_CONF } from '../helpers/machine_agents.ts';

describe.skipIf(inject('missing').package !== undefined)('the edit of netdata.conf', () => {
  const setup = (...words: string[]): Result => machine.attempt(['sh', '/tmp/conntrack-setup', ...words]);
  const off = '[plugin:proc]\n\t/proc/net/stat/conntrack = no\n';

  let machine: Machine;

  beforeAll(async () => {
    machine = await Machine.start();
    put(machine, 'collector/package/conntrack-setup');
    removeDebiansAgent(machine);
  });

  beforeEach(() => addStaticAgent(machine));
  afterEach(() => void machine.run(['rm', '-r', PREFIX]));
  afterAll(() => machine.close());

  const texts: readonly (readonly [string, string])[] = [
    ['of several lines', '[global]\n\thostname = a\n'],
    ['whose last line has no end', '[global]\n\thostname = a'],
    ['with the line ends of Windows', '[global]\r\n\thostname = a\r\n'],
    ['with those and without the last', '[global]\r\n\thostname = a\r'],
    ['that ends in empty lines', '[global]\n\n\n'],
    ['that is empty', ''],
    ['that turns it on', '[plugin:proc]\n\t/proc/net/stat/conntrack = yes\n'],
  ];

  it.each(texts)('of a file %s is one, and is taken back to the byte', (_, text) => {
    machine.write(STATIC_CONF, text);
    machine.run(['chown', 'netdata:adm', STATIC_CONF]);
    machine.run(['chmod', '0640', STATIC_CONF]);
    const before = machine.describe(STATIC_CONF);
    const replaced = setup('--replace-builtin');
    expect(replaced).toMatchObject({ status: 0, stderr: '' });
    expect(replaced.stdout).toContain('netfilter.conntrack_sockets instead of conntrack.sockets');
    const edited = machine.read(STATIC_CONF);
    expect(edited.startsWith(text)).toBe(true);
    expect(edited.split(off)).toHaveLength(2);
    expect(machine.describe(STATIC_CONF)).toMatch(new RegExp(`^${before?.split(' ', 2).join(' ')} `));
    expect(setup('--replace-builtin').stdout).toContain(`the built-in collector is off already, in ${STATIC_CONF}`);
    expect(machine.read(STATIC_CONF)).toBe(edited);
    const restored = setup('--restore-builtin');
    expect(restored).toMatchObject({ status: 0, stderr: '' });
    expect(restored.stdout).toContain('conntrack.sockets instead of netfilter.conntrack_sockets');
    expect(machine.describe(STATIC_CONF)).toBe(before);
    expect(setup('--restore-builtin')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(machine.run(['ls', `${PREFIX}/etc/netdata`])).toBe('netdata.conf\n');
  });

  it('is made where there is no file, and away with it again', () => {
    machine.run(['rm', STATIC_CONF]);
    setup('--replace-builtin');
    expect(machine.run(['stat', '-c', '%U:%G %a', STATIC_CONF])).toBe('root:root 644\n');
    expect(machine.read(STATIC_CONF)).toContain(off);
    setup('--restore-builtin');
    expect(machine.describe(STATIC_CONF)).toBeUndefined();
  });

  it('is made in the file that a link leads to', () => {
    const real = `${PREFIX}/real.conf`;
    machine.run(['mv', STATIC_CONF, real]);
    machine.run(['ln', '-s', '../../real.conf', STATIC_CONF]);
    const [link, text] = [machine.describe(STATIC_CONF), machine.read(real)];
    setup('--replace-builtin');
    expect(machine.read(real)).toContain(off);
    expect(machine.describe(STATIC_CONF)).toBe(link);
    setup('--restore-builtin');
    expect(machine.read(real)).toBe(text);
    expect(machine.describe(STATIC_CONF)).toBe(link);
  });

  it('is not made where the operator turned it off', () => {
    const own = '[plugin:proc]\r\n  /proc/net/stat/conntrack = No\r\n';
    machine.write(STATIC_CONF, own);
    expect(setup('--replace-builtin').stdout).toContain('the built-in collector is off already');
    setup('--restore-builtin');
    expect(machine.read(STATIC_CONF)).toBe(own);
  });

  it('leaves what was written below it since', () => {
    machine.write(STATIC_CONF, '[global]\n\thostname = a');
    setup('--replace-builtin');
    machine.write(STATIC_CONF, `${machine.read(STATIC_CONF)}[web]\n\tmode = none\n`);
    setup('--restore-builtin');
    expect(machine.read(STATIC_CONF)).toBe('[global]\n\thostname = a\n[web]\n\tmode = none\n');
  });

  it('is refused where what stands below it turns the collector on again', () => {
    setup('--replace-builtin');
    machine.write(STATIC_CONF, `${machine.read(STATIC_CONF)}[plugin:proc]\n\t/proc/net/stat/conntrack = yes\n`);
    const edited = machine.read(STATIC_CONF);
    const { status, stderr } = setup('--replace-builtin');
    expect(stderr).toContain('what stands below the block of conntrack.plugin turns the built-in collector on');
    expect(status).toBe(1);
    expect(machine.read(STATIC_CONF)).toBe(edited);
  });

  it('that has lost its end stays, and is said', () => {
    setup('--replace-builtin');
    const torn = machine.read(STATIC_CONF).replace(/^# END.*\n/m, '');
    machine.write(STATIC_CONF, torn);
    expect(setup('--restore-builtin').stderr).toContain('has lost its end');
    expect(machine.read(STATIC_CONF)).toBe(torn);
  });

  describe('where somebody other than root can change which file it is', () => {
    const byHand = (open: string): string =>
      `conntrack-setup: ${STATIC_CONF} is not edited, since somebody other than root can write to ${open}; do it by hand: ` +
      'under [plugin:proc] the line /proc/net/stat/conntrack = no, to turn the built-in collector off, ' +
      'or without it, to turn it on\n';
    const ways: readonly (readonly [what: string, prepare: readonly string[], open: string])[] = [
      ['the folder is netdata’s', ['chown', 'netdata', `${PREFIX}/etc/netdata`], `${PREFIX}/etc/netdata`],
      ['a group may write to it', ['chmod', 'g+w', `${PREFIX}/etc/netdata`], `${PREFIX}/etc/netdata`],
      ['everybody may write to it', ['chmod', '1777', `${PREFIX}/etc/netdata`], `${PREFIX}/etc/netdata`],
      ['one above is netdata’s', ['chown', 'netdata', `${PREFIX}/etc`], `${PREFIX}/etc`],
    ];

    it.each(ways)('because %s, it is neither made nor taken back, and what to do is said', (_, prepare, open) => {
      machine.run([...prepare]);
      const refused = { status: 1, stdout: '', stderr: byHand(open) };
      const text = machine.describe(STATIC_CONF);
      expect(setup('--replace-builtin')).toMatchObject(refused);
      expect(machine.describe(STATIC_CONF)).toBe(text);
      machine.write(STATIC_CONF, `[global]\n# BEGIN conntrack.plugin\n${off}# END conntrack.plugin\n`);
      const edited = machine.describe(STATIC_CONF);
      expect(setup('--restore-builtin')).toMatchObject(refused);
      expect(machine.describe(STATIC_CONF)).toBe(edited);
      expect(machine.run(['ls', `${PREFIX}/etc/netdata`])).toBe('netdata.conf\n');
    });

    it('a link that leads to another file leaves that alone', () => {
      const victim = '/etc/victim';
      machine.run(['ln', '-sf', victim, STATIC_CONF]);
      machine.run(['chown', 'netdata', `${PREFIX}/etc/netdata`]);
      for (const [word, text] of [
        ['--replace-builtin', 'root’s\n'],
        ['--restore-builtin', `# BEGIN conntrack.plugin\n${off}# END conntrack.plugin\n`],
      ] as const) {
        machine.write(victim, text, 0o600);
        const before = machine.describe(victim);
        const { status, stderr } = setup(word);
        expect(stderr).toContain(`${victim} is not edited, since somebody other than root can write to ${PREFIX}/etc/`);
        expect(status).toBe(1);
        expect(machine.describe(victim)).toBe(before);
      }
    });
  });

  it('leaves the file as it is when there is no room for the next one', () => {
    machine.run(['mount', '-t', 'tmpfs', '-o', 'size=8k,mode=755', 'tmpfs', `${PREFIX}/etc/netdata`]);
    const text = `${'#'.repeat(4090)}\n`;
    machine.write(STATIC_CONF, text);
    const { status, stderr } = setup('--replace-builtin');
    expect(stderr).toMatch(/I\/O error|No space left on device/);
    expect(status).not.toBe(0);
    expect(machine.read(STATIC_CONF)).toBe(text);
    expect(machine.run(['ls', `${PREFIX}/etc/netdata`])).toBe('netdata.conf\n');
    machine.run(['umount', `${PREFIX}/etc/netdata`]);
  });
});
