import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Origin, parseCgroup } from '../../collector/namespaces/cgroup.ts';

const ID = '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809';
const OTHER = 'ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00';
const UID = '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const ESCAPED_UID = UID.replaceAll('-', '_');
const SHOWN = '1a2b3c4d5e6f';

/** The origin of a container of a runtime. */
function container(runtime: string): Partial<Origin> {
  return { name: `${runtime}-${SHOWN}`, container: SHOWN };
}

const inPod: Partial<Origin> = { name: `pod-${UID}`, container: SHOWN, pod: UID };
const web: Partial<Origin> = { name: 'web-1', container: 'web-1' };

/** The lines of version 1 for a path, as systemd mounts the hierarchies, and the unused version 2. */
function version1(path: string): string {
  const hierarchies = ['12:pids', '9:cpu,cpuacct', '4:net_cls,net_prio', '1:name=systemd'];
  return `${hierarchies.map((one) => `${one}:${path}`).join('\n')}\n0::/\n`;
}

describe('the origin of a process', () => {
  it.each<[string, string, Partial<Origin>]>([
    ['Docker under systemd', `/system.slice/docker-${ID}.scope`, container('docker')],
    ['Docker with cgroupfs', `/docker/${ID}`, container('docker')],
    ['Docker with its own parent group', `/ecs/task-7/${ID}`, container('container')],
    [
      'a service in a container of Docker',
      `/system.slice/docker-${ID}.scope/system.slice/nginx.service`,
      container('docker'),
    ],
    ['nerdctl', `/system.slice/nerdctl-${ID}.scope`, container('containerd')],
    [
      'containerd in Kubernetes',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${ESCAPED_UID}.slice/cri-containerd-${ID}.scope`,
      inPod,
    ],
    ['a guaranteed pod', `/kubepods.slice/kubepods-pod${ESCAPED_UID}.slice/cri-containerd-${ID}.scope`, inPod],
    [
      'containerd with a mixture of drivers',
      `/system.slice/containerd.service/kubepods-burstable-pod${ESCAPED_UID}.slice:cri-containerd:${ID}`,
      inPod,
    ],
    ['Kubernetes with cgroupfs', `/kubepods/besteffort/pod${UID}/${ID}`, inPod],
    [
      'CRI-O in Kubernetes',
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${ESCAPED_UID}.slice/crio-${ID}.scope/container`,
      inPod,
    ],
    ['CRI-O with cgroupfs', `/kubepods/burstable/pod${UID}/crio-${ID}`, inPod],
    [
      'a static pod',
      `/kubepods/burstable/pod${OTHER.slice(32)}/${ID}`,
      { name: `pod-${OTHER.slice(32)}`, container: SHOWN, pod: OTHER.slice(32) },
    ],
    [
      'a node of kind, which is a container itself',
      `/docker/${OTHER}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${ESCAPED_UID}.slice/cri-containerd-${ID}.scope`,
      inPod,
    ],
    ['a pod without a container', `/kubepods/besteffort/pod${UID}`, { name: `pod-${UID}`, pod: UID }],
    ['Podman', `/machine.slice/libpod-${ID}.scope/container`, container('podman')],
    [
      'Podman without root',
      `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`,
      container('podman'),
    ],
    ['Podman in a service', `/system.slice/web.service/libpod-payload-${ID}`, container('podman')],
    ['a pod of Podman', `/machine.slice/machine-libpod_pod_${OTHER}.slice/libpod-${ID}.scope`, container('podman')],
    ['Podman with cgroupfs', `/libpod_parent/libpod-${ID}`, container('podman')],
    ['LXC', '/lxc.payload.web-1/system.slice/ssh.service', web],
    ['LXC before version 4', '/lxc/web-1/init.scope', web],
    ['LXC 4.0 with a common group', '/lxc.payload/web-1', web],
    ['a container in LXC', `/lxc.payload.web-1/system.slice/docker-${ID}.scope`, container('docker')],
    ['systemd-nspawn', '/machine.slice/machine-web\\x2d1.scope/payload/init.scope', web],
    ['systemd-nspawn as a service', '/machine.slice/systemd-nspawn@web\\x2d1.service/payload', web],
    ['a service', '/system.slice/system-dns.slice/dns@blue.service', { name: 'dns@blue.service' }],
    ['a session', '/user.slice/user-1000.slice/session-3.scope', { name: 'session-3.scope' }],
    ['a unit with an escaped name', '/system.slice/my\\x2ddns.service', { name: 'my-dns.service' }],
    ['a service that is gone', '/system.slice/dns.service (deleted)', { name: 'dns.service' }],
    ['a container that another control group namespace shows', `/../../docker-${ID}.scope`, container('docker')],
  ])('is seen with %s, in both versions of control groups', (_, path, expected) => {
    const origin = { ...expected, source: expected.name };
    expect(parseCgroup(`0::${path}\n`)).toEqual(origin);
    expect(parseCgroup(version1(path))).toEqual(origin);
  });

  it('is the container even if the unit is shown first', () => {
    expect(parseCgroup(`0::/system.slice/containerd.service\n7:pids:/docker/${ID}\n`)).toMatchObject(
      container('docker'),
    );
  });

  it("is the unit of version 2, then that of systemd's own hierarchy", () => {
    const both = '5:pids:/c.service\n1:name=systemd:/b.service\n0::/a.service\n';
    expect(parseCgroup(both)?.name).toBe('a.service');
    expect(parseCgroup(both.replace('/a.service', '/'))?.name).toBe('b.service');
    expect(parseCgroup('5:pids:/c.service\n')?.name).toBe('c.service');
  });

  it.each([
    '',
    '0::/\n',
    '0::/user.slice\n',
    '4:memory:/work/7f5a\n',
    `0::/system.slice/docker-${ID.slice(1)}.scope2\n`,
  ])('is unknown in %j', (text) => {
    expect(parseCgroup(text)).toBeUndefined();
  });

  it('never fails', () => {
    const part = fc.constantFrom(
      '0::',
      '1:name=systemd:',
      '/',
      'lxc',
      'docker',
      ID,
      '.scope',
      '\n',
      '\\x2',
      ' (deleted)',
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        expect(parseCgroup(parts.join(''))?.name).not.toBe('');
      }),
    );
  });
});
