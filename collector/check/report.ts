/**
 * What `check` found, as `--json` prints it. The keys are permanent. What is not known, or does not apply, is left out
 * of the JSON.
 */

/** How to mend something, ready to be pasted. */
export interface Remedy {
  /** What to do, or what to know before it is done. */
  readonly note?: string | undefined;
  /** Commands to type; or what to write, where the note says so. */
  readonly lines: readonly string[];
}

/**
 * Something worth saying. A fault keeps what is turned on from working, here or in the agent. A hint is worth doing. A
 * note explains.
 */
export interface Finding {
  readonly severity: 'fault' | 'hint' | 'note';
  /** What kind of finding it is, for machines: the text may change, this does not. */
  readonly code: string;
  readonly text: string;
  /** The line of the configuration file that it is about, counted from 1. */
  readonly line?: number | undefined;
  readonly remedy?: Remedy | undefined;
}

export interface Section {
  readonly findings: readonly Finding[];
}

/** The program that was run, and who ran it. */
export interface ProgramSection extends Section {
  readonly path: string;
  /** Whether it is an executable of its own, which can have capabilities, and not a script that Node.js runs. */
  readonly packaged: boolean;
  /** The user that it was checked as. */
  readonly user: string;
  readonly uid: number;
}

export interface KernelSection extends Section {
  readonly release: string;
  /** Whether connection tracking is loaded. */
  readonly tracking: boolean;
  /** Entries in the connection table, how many it may hold, and its hash buckets. */
  readonly entries?: number | undefined;
  readonly max?: number | undefined;
  readonly buckets?: number | undefined;
  /** The settings `nf_conntrack_events` and `nf_conntrack_acct`. */
  readonly events?: number | undefined;
  readonly acct?: number | undefined;
}

export interface AgentSection extends Section {
  /**
   * `installed`: it is there, but does not run. `unverified`: a process has its name, but this user may not see what it
   * runs.
   */
  readonly state: 'running' | 'unverified' | 'installed' | 'not_found';
  readonly pid?: number | undefined;
  /** When it started, in seconds since the epoch. */
  readonly since?: number | undefined;
  readonly user?: string | undefined;
  /** The plugin that it runs; none: it runs none, or no agent is known that runs. */
  readonly plugin?: { readonly pid: number; readonly since?: number | undefined } | undefined;
  /** The one that holds this program, else the first. */
  readonly plugin_directory?: string | undefined;
  readonly user_config_directory?: string | undefined;
  readonly stock_config_directory?: string | undefined;
}

export interface PrivilegeSection extends Section {
  /** The modules that are on and need CAP_NET_ADMIN here. */
  readonly needed_by: readonly string[];
  /** Whether this process may use CAP_NET_ADMIN. */
  readonly permitted?: boolean | undefined;
}

export interface ConfigurationSection extends Section {
  /** The file that was read; none: the defaults hold. */
  readonly file?: string | undefined;
}

export interface ModuleSection extends Section {
  readonly name: string;
  /**
   * `off`: turned off by the configuration. `absent`: there is nothing to watch, and there need not be. `unknown`: it
   * works for the agent alone, if it does, and cannot be tried here.
   */
  readonly state: 'works' | 'fails' | 'off' | 'absent' | 'unknown';
  /** Where its numbers come from: paths, `ctnetlink` or `sock_diag`. */
  readonly reads: readonly string[];
}

/** The agent's built-in collector of connection tracking, which draws six of the charts too. */
export interface BuiltinSection extends Section {
  /** Whether its charts are on; not known where no agent is, or where its configuration may not be read. */
  readonly charts?: boolean | undefined;
  /**
   * The contexts of the plugin's six charts: those of the built-in collector (`netfilter.conntrack_…`), or others
   * (`conntrack.…`). Not known where no agent is.
   */
  readonly contexts?: 'netfilter' | 'conntrack' | undefined;
  /** What decides: the state of the built-in collector as the plugin sees it, or `conntrack.conf`. */
  readonly contexts_reason?: 'on' | 'off' | 'unknown' | 'configured' | undefined;
}

export interface Report {
  /** Raised when a key changes its meaning. */
  readonly format: 1;
  readonly version: string;
  /** Whether there is no fault; the exit code is 0 then, else 1. */
  readonly works: boolean;
  readonly program: ProgramSection;
  readonly kernel: KernelSection;
  readonly agent: AgentSection;
  readonly privilege: PrivilegeSection;
  readonly configuration: ConfigurationSection;
  /** Empty where the agent's user may not even run the program. */
  readonly modules: readonly ModuleSection[];
  readonly builtin: BuiltinSection;
}
