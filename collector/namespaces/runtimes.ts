/**
 * The control groups that container runtimes make, as data. Each pattern is for one component of a path.
 *
 * Sources: the cgroup drivers `systemd` and `cgroupfs` of runc and crun, the cgroup managers of Kubernetes
 * (`pkg/kubelet/cm`), containerd's CRI plugin, CRI-O, Podman and LXC, and systemd's `machined`.
 */

/** One way to name a control group after a container. */
export interface ContainerPattern {
  /** Precedes the shortened id in the name of the namespace; `undefined` if the container has its own name. */
  readonly runtime: string | undefined;
  /** Its first group is the id or the name of the container. */
  readonly component: RegExp;
  /** What the component before must be, if that matters. */
  readonly parent?: RegExp;
}

/** The first that fits applies. */
export const CONTAINERS: readonly ContainerPattern[] = [
  { runtime: 'docker', component: /^docker-([0-9a-f]{64})\.scope$/ },
  { runtime: 'docker', component: /^([0-9a-f]{64})$/, parent: /^docker$/ },
  { runtime: 'containerd', component: /^cri-containerd-([0-9a-f]{64})\.scope$/ },
  { runtime: 'containerd', component: /:cri-containerd:([0-9a-f]{64})$/ },
  { runtime: 'containerd', component: /^nerdctl-([0-9a-f]{64})\.scope$/ },
  { runtime: 'cri-o', component: /^crio-([0-9a-f]{64})(?:\.scope)?$/ },
  { runtime: 'podman', component: /^libpod-(?:payload-)?([0-9a-f]{64})(?:\.scope)?$/ },
  // A runtime with its own parent group, or Kubernetes with the driver cgroupfs.
  { runtime: 'container', component: /^([0-9a-f]{64})$/ },
  { runtime: undefined, component: /^lxc\.payload\.(.+)$/ },
  { runtime: undefined, component: /^(.+)$/, parent: /^lxc(?:\.payload)?$/ },
  { runtime: undefined, component: /^machine-(.+)\.scope$/ },
  { runtime: undefined, component: /^systemd-nspawn@(.+)\.service$/ },
];

/** A pod of Kubernetes. Its first group is the UID, with `_` instead of `-` under systemd; a static pod's is a hash. */
export const POD =
  /(?:^|-)pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?::.*)?$/;

/** A unit of systemd. */
export const UNIT = /\.(?:service|scope)$/;
