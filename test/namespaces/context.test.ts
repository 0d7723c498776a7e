import { describe, expect, it } from 'vitest';

import type { EventChannel, Inside } from '../../collector/modules/access.ts';
import { ProblemError, problemErrorOf } from '../../collector/modules/problem.ts';
import { NamespaceContext } from '../../collector/namespaces/context.ts';
import { PathEntrance } from '../../collector/namespaces/path_entrance.ts';
import { KernelFile, readText } from '../../collector/procfs/file.ts';
import { contextOf } from '../helpers/context.ts';
import { FakePassage } from '../helpers/fake_passage.ts';
import { FakeProcfs } from '../helpers/fake_procfs.ts';
import { problemIn } from '../helpers/problems.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

const PATH = '/run/netns/blue';
const BOUND = { path: PATH, identity: '31-900' };
const SETTINGS = '/proc/sys/net/netfilter';

function scene(channel: Partial<EventChannel> = {}) {
  const fs = new FakeProcfs();
  fs.nodes.set(PATH, { ino: 31, ctimeNs: 900n });
  fs.nodes.set('/proc/thread-self/net/dev', { ino: 40, text: 'inside' });
  fs.nodes.set(`${SETTINGS}/nf_conntrack_max`, { ino: 50, text: '4000\n' });
  fs.nodes.set(`${SETTINGS}/nf_conntrack_events`, { ino: 51, text: '1\n' });
  const fake = new FakePassage(fs);
  const log = new RecordingLog();
  const opened: string[] = [];
  const connect = (name: string) => (_: unknown, inside?: Inside) => {
    inside?.(() => opened.push(`${name} ${fake.calls.at(-1)}`));
    return channel as EventChannel;
  };
  const connects = { ctnetlink: connect('ctnetlink'), sockDiag: connect('sock_diag') };
  const hosts = contextOf({ fs, log, release: '5.10.0-37-amd64', ...connects });
  const entrance = new PathEntrance({ fs, passage: fake.passage, bound: BOUND });
  const namespace = { name: 'blue', labels: {}, anchor: undefined, bound: BOUND };
  return { fs, fake, hosts, entrance, log, opened, context: new NamespaceContext(hosts, namespace, entrance, log) };
}

describe('the context of a namespace', () => {
  it('reads its own files through the entrance and others from the host, and keeps none open', () => {
    const { context, fake, fs } = scene();
    const { host } = context;
    expect(host.net('dev')).toBe('/run/netns/blue:/proc/net/dev');
    expect(readText(context.fs, host.net('dev'))).toBe('inside');
    expect(context.fs.statSync(host.net('dev')).ino).toBe(40);
    expect(fake.calls).toHaveLength(3);
    const { size } = fs.opened;
    const file = new KernelFile(context.fs, () => host.netfilter('nf_conntrack_max'));
    expect(file.read().toString()).toBe('4000\n');
    expect(fake.calls).toHaveLength(3);
    expect(fs.opened.size).toBe(size);
  });

  it('reads its own settings inside, and those of all namespaces from the host', () => {
    const { context, fake } = scene();
    const { host } = context;
    expect(host.netfilter('nf_conntrack_max')).toBe(`${SETTINGS}/nf_conntrack_max`);
    expect(host.netfilter('nf_conntrack_count')).toBe(`/run/netns/blue:${SETTINGS}/nf_conntrack_count`);
    expect(readText(context.fs, host.netfilter('nf_conntrack_events'))).toBe('1\n');
    expect(fake.calls).toHaveLength(3);
    expect([host.isHere, host.elsewhere, host.path('/sys')]).toEqual([true, false, '/sys']);
  });

  it('opens channels inside', () => {
    const { context, opened } = scene();
    context.ctnetlink({ slots: 1, slotSize: 4 });
    context.sockDiag({ slots: 1, slotSize: 4 });
    expect(opened).toEqual([`ctnetlink raised ${PATH}`, `sock_diag raised ${PATH}`]);
  });

  it("has the host's limits, runtime, release, budget and sockets of Unix, and logs with its name", () => {
    const { context, hosts, log } = scene();
    for (const part of ['limits', 'runtime', 'release', 'budget', 'connect'] as const) {
      expect(context[part], part).toBe(hosts[part]);
    }
    context.log.info('said', { code: 7 });
    expect(log.entries).toEqual([{ level: 'info', message: 'said', fields: { netns: 'blue', code: 7 } }]);
  });

  it('reports to modules why a file cannot be read', () => {
    const { context, fs } = scene();
    fs.nodes.set(PATH, { ino: 32, ctimeNs: 900n });
    const file = new KernelFile(context.fs, () => context.host.net('dev'));
    const problem = problemIn(() => {
      try {
        file.read();
      } catch (error) {
        throw problemErrorOf(error, 'procfs');
      }
    });
    expect(problem).toMatchObject({ code: 'namespace_gone' });
  });

  it('closes a channel once no other process uses the namespace', () => {
    const closed: string[] = [];
    const { context, fs } = scene({ receive: () => 3, close: () => void closed.push('closed') });
    const channel = context.ctnetlink({ slots: 1, slotSize: 4 });
    expect(channel.receive()).toBe(3);
    fs.errors.set(PATH, 'ENOENT');
    expect(closed).toEqual([]);
    expect(() => channel.send(new Uint8Array(4))).toThrow(ProblemError);
    expect(closed).toEqual(['closed']);
    expect(() => channel.receive()).toThrow(ProblemError);
  });
});
