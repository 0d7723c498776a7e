/** The shape of the chart data in this folder. */

import type { Scope } from '../collector/modules/module.ts';

/** How a chart shows one metric. */
export interface Dimension {
  /** Permanent, and unique within the chart; also its name. */
  readonly id: string;
  /** The dimension exists when this metric has a value. */
  readonly metric: string;
  /** -1 draws below the axis; 1 if not given. */
  readonly multiplier?: 1 | -1;
  /** The value is multiplied by this and sent as an integer; 1 if not given. */
  readonly divisor?: number;
}

/** A number that alerts on the chart can use by its name. */
export interface Variable {
  readonly name: string;
  readonly metric: string;
}

/** A chart, or one chart for each instance of its scope. */
export interface Chart {
  /** The chart's id after `conntrack.`; an instance's name is added to it. */
  readonly id: string;
  readonly scope: Scope;
  readonly title: string;
  readonly units: string;
  /** The sub-menu of the dashboard. */
  readonly family: string;
  /** Permanent: dashboards and alerts are written for it. */
  readonly context: string;
  /** The context if the agent's built-in collector uses the other one, or may; permanent too. */
  readonly contextBesideBuiltin?: string;
  readonly type: 'line' | 'area' | 'stacked';
  /** The module that returns the metrics. */
  readonly module: string;
  /** Whether basic mode includes it. */
  readonly basic?: true;
  /**
   * Whether data of its module alone do not draw it in other network namespaces: there it shows nothing, or nothing that
   * the chart of the host does not show.
   */
  readonly hostOnly?: true;
  /** Whether the dashboard may leave it out of its overview. */
  readonly detail?: true;
  readonly dimensions: readonly Dimension[];
  readonly variables?: readonly Variable[];
}
