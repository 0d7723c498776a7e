/** The metrics of all modules. */

import { askModes, RECORDED_MODES } from './conntrackd_metrics.ts';
import { eventSamples, flowSamples, socketSamples } from './netlink_metrics.ts';
import { RecordedHost } from './recorded_host.ts';
import { type Metrics, metricsIn } from './stat_metrics.ts';
import { NAMES } from './stat_text.ts';

/** `conntrackd` in every mode. */
export const daemons = await askModes(RECORDED_MODES);

/** The samples of each module: `stat` on a current kernel, `conntrackd` in every mode, the others on every kernel. */
export const samples = {
  stat: statSamples(),
  events: eventSamples(),
  flows: await flowSamples(),
  sockets: await socketSamples(),
  conntrackd: daemons.samples,
};

export const fromEvents = metricsIn(samples.events);
export const fromFlows = metricsIn(samples.flows);
export const fromSockets = metricsIn(samples.sockets);
export const fromDaemons = metricsIn(samples.conntrackd);

/** The metrics of all modules, given those of `stat`. */
export const withOthers = ({ host, cpu }: Metrics): Metrics => ({
  ...fromDaemons,
  tcp: fromSockets.tcp,
  udp: fromSockets.udp,
  host: new Set([...host, ...fromEvents.host, ...fromFlows.host, ...fromSockets.host]),
  cpu,
});

/** Samples of `stat` after one second. */
function statSamples(): ReturnType<typeof eventSamples> {
  const host = new RecordedHost({}, { per_cpu: true });
  host.stat(
    NAMES,
    NAMES.map(() => 0),
  );
  host.collect(0);
  return host.collect(1);
}
