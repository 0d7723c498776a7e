/** The installer's edit of `netdata.conf`, which turns the built-in collector off, and its removal. */

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
    ['without a newline at the end', '[global]\n\thostname = a'],
    ['with CRLF line ends', '[global]\r\n\thostname = a\r\n'],
    ['with CRLF line ends, except at the end', '[global]\r\n\thostname = a\r'],
    ['with empty lines at the end', '[global]\n\n\n'],
    ['that is empty', ''],
    ['that turns it on', '[plugin:proc]\n\t/proc/net/stat/conntrack = yes\n'],
  ];

  it.each(texts)('is added once to a file %s, and restored byte for byte', (_, text) => {
    machine.write(STATIC_CONF, text);
    machine.run(['chown', 'netdata:adm', STATIC_CONF]);
    machine.run(['chmod', '0640', STATIC_CONF]);
    const before = machine.describe(STATIC_CONF);
    const replaced = setup('--replace-builtin');
    expect(replaced).toMatchObject({ status: 0, stderr: '' });
    const edited = machine.read(STATIC_CONF);
    expect(edited.startsWith(text)).toBe(true);
    expect(edited.split(off)).toHaveLength(2);
    expect(machine.describe(STATIC_CONF)).toMatch(new RegExp(`^${before?.split(' ', 2).join(' ')} `));
    expect(setup('--replace-builtin').stdout).toContain('already off');
    expect(machine.read(STATIC_CONF)).toBe(edited);
    const restored = setup('--restore-builtin');
    expect(restored).toMatchObject({ status: 0, stderr: '' });
    expect(machine.describe(STATIC_CONF)).toBe(before);
    expect(setup('--restore-builtin')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(machine.run(['ls', `${PREFIX}/etc/netdata`])).toBe('netdata.conf\n');
  });

  it('creates a missing file, and removes it again', () => {
    machine.run(['rm', STATIC_CONF]);
    setup('--replace-builtin');
    expect(machine.run(['stat', '-c', '%U:%G %a', STATIC_CONF])).toBe('root:root 644\n');
    expect(machine.read(STATIC_CONF)).toContain(off);
    setup('--restore-builtin');
    expect(machine.describe(STATIC_CONF)).toBeUndefined();
  });

  it('changes the target of a link', () => {
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

  it('is not added if the operator turned the collector off', () => {
    const own = '[plugin:proc]\r\n  /proc/net/stat/conntrack = No\r\n';
    machine.write(STATIC_CONF, own);
    expect(setup('--replace-builtin').stdout).toContain('already off');
    setup('--restore-builtin');
    expect(machine.read(STATIC_CONF)).toBe(own);
  });

  it('keeps lines that were added below it', () => {
    machine.write(STATIC_CONF, '[global]\n\thostname = a');
    setup('--replace-builtin');
    machine.write(STATIC_CONF, `${machine.read(STATIC_CONF)}[web]\n\tmode = none\n`);
    setup('--restore-builtin');
    expect(machine.read(STATIC_CONF)).toBe('[global]\n\thostname = a\n[web]\n\tmode = none\n');
  });

  it('is refused if a line below it turns the collector on', () => {
    setup('--replace-builtin');
    machine.write(STATIC_CONF, `${machine.read(STATIC_CONF)}[plugin:proc]\n\t/proc/net/stat/conntrack = yes\n`);
    const edited = machine.read(STATIC_CONF);
    const { status, stderr } = setup('--replace-builtin');
    expect(stderr).toContain('a line below the block of conntrack.plugin turns the built-in collector on');
    expect(status).toBe(1);
    expect(machine.read(STATIC_CONF)).toBe(edited);
  });

  it('is kept with a warning if its end is missing', () => {
    setup('--replace-builtin');
    const torn = machine.read(STATIC_CONF).replace(/^# END.*\n/m, '');
    machine.write(STATIC_CONF, torn);
    expect(setup('--restore-builtin').stderr).toContain('has no end');
    expect(machine.read(STATIC_CONF)).toBe(torn);
  });

  describe('in a directory that users other than root can write to', () => {
    const byHand = (open: string): string =>
      `conntrack-setup: cannot edit ${STATIC_CONF} safely: users other than root can write to ${open}; edit it by hand: ` +
      'in [plugin:proc], /proc/net/stat/conntrack = no turns the built-in collector off, and without that line it is on\n';
    const ways: readonly (readonly [what: string, prepare: readonly string[], open: string])[] = [
      ['the directory belongs to netdata', ['chown', 'netdata', `${PREFIX}/etc/netdata`], `${PREFIX}/etc/netdata`],
      ['a group can write to it', ['chmod', 'g+w', `${PREFIX}/etc/netdata`], `${PREFIX}/etc/netdata`],
      ['every user can write to it', ['chmod', '1777', `${PREFIX}/etc/netdata`], `${PREFIX}/etc/netdata`],
      ['a parent directory belongs to netdata', ['chown', 'netdata', `${PREFIX}/etc`], `${PREFIX}/etc`],
    ];

    it.each(ways)(
      'is neither added nor removed if %s, and the message says how to do it by hand',
      (_, prepare, open) => {
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
      },
    );

    it('does not change the target of a link', () => {
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
        expect(stderr).toContain(`cannot edit ${victim} safely: users other than root can write to ${PREFIX}/etc/`);
        expect(status).toBe(1);
        expect(machine.describe(victim)).toBe(before);
      }
    });
  });

  it('leaves the file unchanged if the disk is full', () => {
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
