/**
 * What can keep a module from reading its source: one table for the log, `check`, the terminal and the documentation.
 * Which error of which interface is which problem is the second table.
 */

import { describe, errorCode, FormatError, OperationError } from '../base/errors.ts';

interface ProblemKind {
  /** What is wrong. `{detail}` is replaced by a number or the text of the error. */
  readonly message: string;
  /** What an operator can do, short enough for a log line; `check` prints the commands. */
  readonly fix?: string;
  /** Whether it is normal where connection tracking is not in use: logged only for a module that is required. */
  readonly isOrdinary?: true;
}

/** By code. The codes are permanent: log lines and `check --json` carry them. */
export const PROBLEMS = {
  tracking_not_loaded: {
    message: 'connection tracking is not loaded',
    fix: 'load it with "modprobe nf_conntrack" or use it in a firewall rule',
    isOrdinary: true,
  },
  no_capability: {
    message: 'the plugin lacks CAP_NET_ADMIN',
    fix: 'run conntrack.plugin check to see how to grant it',
  },
  other_namespace: {
    message: "cannot confirm that the plugin runs in the host's network namespace",
    fix: 'run the agent in that namespace',
  },
  namespace_gone: { message: 'the network namespace is gone' },
  namespace_closed: {
    message: 'cannot enter the network namespace: {detail}',
    fix: 'run conntrack.plugin check to see how to allow it',
  },
  namespace_hidden: {
    message: 'the path of the network namespace is not accessible: {detail}',
    fix: "let the agent's user search its directory",
  },
  library_unusable: {
    message: 'cannot load the foreign function library: {detail}',
    fix: 'reinstall the plugin',
  },
  library_untrusted: {
    message: 'the foreign function library is not safe to load: {detail}',
    fix: 'install the plugin where only root can write',
  },
  no_ctnetlink: {
    message: 'the kernel does not offer ctnetlink',
    fix: 'load it with "modprobe nf_conntrack_netlink"',
  },
  no_sock_diag: {
    message: 'the kernel does not offer sock_diag',
    fix: 'load it with "modprobe -a tcp_diag udp_diag"',
  },
  sock_diag_blocked: {
    message: 'a sandbox or security module blocks sock_diag',
    fix: 'allow the agent AF_NETLINK sockets',
  },
  malformed_reply: { message: 'malformed netlink reply: {detail}', fix: 'report this as a bug' },

  events_off: {
    message: 'connection tracking events are turned off',
    fix: 'turn them on with "sysctl net.netfilter.nf_conntrack_events=1"',
  },
  events_missing: {
    message: 'the table grows but the kernel reports no events',
    fix:
      'load ctnetlink with "modprobe nf_conntrack_netlink", or find the rule that suppresses events ("ct event set" of ' +
      'nft, "--ctevents" of iptables)',
  },
  events_too_many: {
    message: 'the kernel reports more than {detail} events per second',
    fix: 'raise modules.events.most_per_second if that rate is normal here',
  },
  events_overrun: {
    message: 'the kernel reports events faster than the plugin reads them',
    fix: 'raise modules.events.receive_buffer',
  },
  small_receive_buffer: {
    message: 'the kernel grants a smaller receive buffer than configured: {detail} bytes',
    fix: 'raise net.core.rmem_max',
  },

  no_statistics_file: {
    message: 'the kernel has no statistics file',
    fix: 'it may be built without CONFIG_NF_CONNTRACK_PROCFS: grant CAP_NET_ADMIN to read the statistics over netlink',
  },
  file_missing: { message: '{detail}' },
  file_denied: { message: '{detail}' },
  malformed_file: { message: 'malformed file: {detail}' },

  conntrackd_down: { message: 'conntrackd is not running', fix: 'start it with "systemctl start conntrackd"' },
  conntrackd_unresponsive: {
    message: 'no reply from conntrackd before the timeout',
    fix: 'if it is only busy, raise modules.conntrackd.timeout',
  },
  conntrackd_denied: {
    message: "permission denied on conntrackd's socket",
    fix: 'run conntrack.plugin check to see how to open it',
  },
  conntrackd_failed: { message: 'cannot query conntrackd: {detail}' },
  conntrackd_malformed: { message: 'malformed reply from conntrackd: {detail}' },

  system_error: { message: '{detail}' },
  defect: { message: 'the module failed: {detail}', fix: 'report this as a bug' },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Something that keeps a module from reading. */
export interface Problem {
  readonly code: ProblemCode;
  /** What cannot be read: a path, `ctnetlink` or `sock_diag`. */
  readonly target: string;
  /** One line that says what is wrong, without the fix. */
  readonly message: string;
  /** How much of the target's data is lost; nothing when the target need not exist. */
  readonly loses: 'all' | 'part' | 'nothing';
}

interface Interface {
  /** By the system's error code. */
  readonly errnos: Readonly<Record<string, ProblemCode>>;
  /** A reply or a text that cannot be parsed. */
  readonly malformed: ProblemCode;
  /** Any other error; its text stays in the message. */
  readonly other: ProblemCode;
}

/** Which problem an error is, by the interface that reports it. */
export const INTERFACES = {
  ctnetlink: {
    errnos: {
      EPERM: 'no_capability',
      EACCES: 'no_capability',
      EPROTONOSUPPORT: 'no_ctnetlink',
      EAFNOSUPPORT: 'no_ctnetlink',
      ENOTSUP: 'no_ctnetlink',
      EINVAL: 'no_ctnetlink',
      ENOENT: 'no_ctnetlink',
    },
    malformed: 'malformed_reply',
    other: 'system_error',
  },
  sock_diag: {
    errnos: {
      EPERM: 'sock_diag_blocked',
      EACCES: 'sock_diag_blocked',
      EAFNOSUPPORT: 'sock_diag_blocked',
      EPROTONOSUPPORT: 'no_sock_diag',
      ENOTSUP: 'no_sock_diag',
      EINVAL: 'no_sock_diag',
      ENOENT: 'no_sock_diag',
    },
    malformed: 'malformed_reply',
    other: 'system_error',
  },
  procfs: {
    errnos: { ENOENT: 'file_missing', ENOTDIR: 'file_missing', EACCES: 'file_denied', EPERM: 'file_denied' },
    malformed: 'malformed_file',
    other: 'system_error',
  },
  conntrackd: {
    errnos: {
      ENOENT: 'conntrackd_down',
      ENOTDIR: 'conntrackd_down',
      ECONNREFUSED: 'conntrackd_down',
      // It exited during the request.
      ECONNRESET: 'conntrackd_down',
      EPIPE: 'conntrackd_down',
      ETIMEDOUT: 'conntrackd_unresponsive',
      EAGAIN: 'conntrackd_unresponsive',
      EACCES: 'conntrackd_denied',
      EPERM: 'conntrackd_denied',
    },
    malformed: 'conntrackd_malformed',
    other: 'conntrackd_failed',
  },
} as const satisfies Readonly<Record<string, Interface>>;

export type InterfaceName = keyof typeof INTERFACES;

/** A problem that is thrown. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  /** Loses everything, unless the catcher changes that. */
  readonly problem: Problem;

  /** @param detail for the message: a text, or the error that is the cause. */
  constructor(code: ProblemCode, target: string, detail: unknown = '') {
    const problem = problemAt(code, target, detail);
    super(problem.message, detail instanceof Error ? { cause: detail } : {});
    this.problem = problem;
  }

  /** The system's error code behind it, such as `EPERM`, if there is one. */
  get errno(): string | undefined {
    return errorCode(this.cause);
  }
}

/** @param detail for the message: a text or an error. */
export function problemAt(
  code: ProblemCode,
  target: string,
  detail: unknown = '',
  loses: Problem['loses'] = 'all',
): Problem {
  return { code, target, message: PROBLEMS[code].message.replace('{detail}', () => describe(detail)), loses };
}

/**
 * The problem that an error of an interface is.
 *
 * @throws `error` when it is neither an operation that failed nor malformed input: a defect of this program.
 */
export function problemErrorOf(error: unknown, from: InterfaceName, target: string = from): ProblemError {
  if (error instanceof ProblemError) return error;
  const { errnos, malformed, other }: Interface = INTERFACES[from];
  if (error instanceof FormatError) return new ProblemError(malformed, target, error);
  if (!(error instanceof OperationError)) throw error;
  if (error.cause instanceof ProblemError) return error.cause;
  const { code = '' } = error;
  return new ProblemError((Object.hasOwn(errnos, code) ? errnos[code] : undefined) ?? other, target, error);
}

/** Whether the problem is normal where connection tracking is not in use. */
export function isOrdinary({ code }: Problem): boolean {
  const kind: ProblemKind = PROBLEMS[code];
  return kind.isOrdinary === true;
}

/** The message and the fix, for a log line. */
export function messageWithFix({ code, message }: Problem): string {
  const { fix }: ProblemKind = PROBLEMS[code];
  return fix === undefined ? message : `${message}; ${fix}`;
}
