import { describe, expect, it } from 'vitest';

import { UsageError } from '../../collector/base/errors.ts';
import type { Looked } from '../../collector/check/look_inside.ts';
import { judgeNamespaces, type NamespaceFacts } from '../../collector/check/namespaces.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { type ProblemCode, problemAt } from '../../collector/modules/problem.ts';
import { PLACES } from '../helpers/check_host.ts';
import { namespaceNamed } from '../helpers/fake_namespaces.ts';

const ANCHOR = { pid: 1234, started: 99, inode: 4026532281 };

/** A namespace that is read through a process. */
function readable(name: string, entries: number, changes: Partial<Looked> = {}): Looked {
  const namespace = namespaceNamed(name, { anchor: ANCHOR });
  return { namespace, via: 'process 1234 (dnsmasq)', entries, problem: undefined, closed: undefined, ...changes };
}

/** A namespace with a path that cannot be read. */
function refused(name: string, code: ProblemCode = 'namespace_closed', detail = 'CAP_SYS_ADMIN is missing'): Looked {
  const problem = problemAt(code, `/run/netns/${name}`, detail);
  return { namespace: namespaceNamed(name), via: undefined, entries: undefined, problem, closed: undefined };
}

function judge(
  looked: readonly Looked[],
  { config = '', ...facts }: Partial<NamespaceFacts> & { config?: string } = {},
) {
  return judgeNamespaces({
    settings: parseConfig('', config).namespaces,
    sight: { looked, hidden: [] },
    asked: undefined,
    isTracking: true,
    isBlind: false,
    gid: 981,
    packaged: true,
    privilege: { needed_by: [], sys_admin: { granted: false }, findings: [] },
    places: PLACES,
    ...facts,
  });
}

describe('the network namespaces in the report', () => {
  it('are counted, and listed with how they are read: the included first, then the fullest', () => {
    const entered = readable('entered', 7, { namespace: namespaceNamed('entered'), via: '/run/netns/entered' });
    const all = [refused('closed'), readable('idle', 0), entered, readable('full', 70), readable('named', 1)];
    const { listed, ...counts } = judge(all, { config: 'namespaces: { include: [named] }\n' });
    expect(counts).toMatchObject({ enabled: 'auto', found: 5, readable: 4, active: 3, hidden: 0 });
    expect(listed.map(({ name, read_through }) => `${name} ${read_through}`)).toEqual([
      'named process',
      'full process',
      'entered path',
      'idle process',
      'closed nothing',
    ]);
    expect(listed[1]).toEqual({
      name: 'full',
      labels: { netns: 'full' },
      path: '/run/netns/full',
      pid: 1234,
      read_through: 'process',
      via: 'process 1234 (dnsmasq)',
      entries: 70,
      choice: 'automatic',
    });
  });

  it('are at most 100 of a thousand, but all are counted', () => {
    const all = Array.from({ length: 1000 }, (_, entries) => readable(`q${entries}`, entries));
    const { active, found, listed } = judge(all);
    expect([found, active, listed.length, listed[0]?.name, listed.at(-1)?.name]).toEqual([
      1000,
      999,
      100,
      'q999',
      'q900',
    ]);
  });

  it('are not counted if they were not looked for', () => {
    const section = judge([], { config: 'namespaces: { enabled: no }\n', sight: undefined });
    expect(section).toEqual({ enabled: 'no', listed: [], findings: [] });
  });

  it('have a note on paths that the user cannot reach', () => {
    const hidden = [{ path: '/run/docker/netns/1a2b', error: 'EACCES' }];
    const { findings } = judge([], { sight: { looked: [], hidden } });
    expect(findings).toMatchObject([{ severity: 'note', code: 'namespace_hidden' }]);
    expect(findings[0]?.text).toContain('1 with a path');
    expect(findings[0]?.text).toContain('/run/docker/netns/1a2b');
  });
});

describe('patterns of include that match no network namespace', () => {
  it('are one hint, with a similar name, or the name with the id of a container', () => {
    const all = [readable('qrouter-7', 3), readable('podman-24cc97a6c79b', 5)];
    const config = "namespaces: { include: [qruter-7, 'dhcp-*', 24cc97a6c79b, 'podman-*', elsewhere] }\n";
    expect(judge(all, { config }).findings).toEqual([
      {
        severity: 'hint',
        code: 'include_unmatched',
        text: 'namespaces.include: no network namespace matches qruter-7 (did you mean qrouter-7?), dhcp-*, 24cc97a6c79b (did you mean podman-24cc97a6c79b?), elsewhere',
      },
    ]);
  });

  it('are not reported if one namespace is asked for', () => {
    const asked = readable('blue', 2);
    expect(judge([asked], { asked, config: 'namespaces: { include: [bleu] }\n' }).findings).toEqual([]);
  });
});

describe('a /proc that hides the processes of others', () => {
  it('is a hint, with the command that exempts the group of the agent', () => {
    const [finding, ...others] = judge([], { isBlind: true }).findings;
    expect(finding).toMatchObject({ severity: 'hint', code: 'processes_hidden' });
    expect(finding?.remedy?.lines).toEqual(['sudo mount -o remount,gid=981 /proc']);
    expect(others).toEqual([]);
  });
});

describe('network namespaces that cannot be read', () => {
  it('are one hint, with the command that grants the privilege', () => {
    const { findings } = judge(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => refused(name)));
    expect(findings).toEqual([
      {
        severity: 'hint',
        code: 'namespace_closed',
        text: 'a, b, c, d, e and 2 more: cannot enter the network namespace: CAP_SYS_ADMIN is missing',
        remedy: {
          note: 'Grant CAP_SYS_ADMIN, which the plugin raises only to enter a network namespace:',
          lines: ['sudo /p/conntrack-setup --namespaces'],
        },
      },
    ]);
  });

  it('are a fault if the configuration includes them, and nothing if it excludes them', () => {
    const config = 'namespaces: { include: [a], exclude: [b] }\n';
    const { findings } = judge([refused('a'), refused('b'), refused('c')], { config });
    expect(findings.map(({ severity, text }) => `${severity} ${text.slice(0, 3)}`)).toEqual(['fault a: ', 'hint c: ']);
  });

  it('have the remedy of what withholds a privilege that was granted', () => {
    const remedy = { note: 'widen', lines: ['widen it'] };
    const finding = { severity: 'hint', code: 'bounded', text: 'bounded', remedy } as const;
    const granted = { needed_by: [], sys_admin: { granted: true }, findings: [finding] };
    expect(judge([refused('a')], { privilege: granted }).findings[0]?.remedy).toEqual(remedy);
    const [blocked] = judge([refused('a')], { privilege: { ...granted, findings: [] } }).findings;
    expect(blocked?.remedy?.note).toMatch(/^A user namespace or a security module/);
  });

  it('need the package, since a script cannot have the privilege', () => {
    const [finding] = judge([refused('a')], { packaged: false }).findings;
    expect(finding?.remedy?.note).toMatch(/^Install the package/);
  });

  it('lack their statistics with the reason, unless connection tracking is not loaded at all', () => {
    const missing = refused('a', 'file_missing', 'open /proc/7/net/stat/nf_conntrack: ENOENT');
    expect(judge([missing]).findings).toMatchObject([{ severity: 'hint', code: 'file_missing' }]);
    expect(judge([missing], { isTracking: false }).findings).toEqual([]);
  });

  it('only in part, without sockets inside, are a hint; without a path no privilege helps', () => {
    const closed = problemAt('namespace_closed', 'process 1234', 'it is bound to no path');
    const unbound = namespaceNamed('container', { anchor: ANCHOR, bound: undefined });
    const { findings } = judge([readable('container', 3, { namespace: unbound, closed })], {
      config: 'namespaces: { include: [container] }\n',
    });
    expect(findings).toEqual([
      {
        severity: 'hint',
        code: 'namespace_closed',
        text: 'container: no events, flows and sockets: cannot enter the network namespace: it is bound to no path',
        remedy: undefined,
      },
    ]);
  });
});

describe('the network namespace that is asked for', () => {
  it('is the only one that is listed', () => {
    const asked = readable('b', 2);
    const { found, listed } = judge([readable('a', 1), asked, refused('c')], { asked });
    expect([found, listed.map(({ name }) => name)]).toEqual([3, ['b']]);
  });

  it('is a fault if it cannot be read, or does not exist', () => {
    const asked = refused('a');
    expect(judge([asked, refused('b')], { asked }).findings).toMatchObject([
      { severity: 'fault', code: 'namespace_closed' },
    ]);
    const { findings, listed } = judge([asked], { asked: new UsageError('unknown network namespace "x"') });
    expect(findings).toMatchObject([
      { severity: 'fault', code: 'no_namespace', text: 'unknown network namespace "x"' },
    ]);
    expect(listed).toEqual([]);
  });
});
