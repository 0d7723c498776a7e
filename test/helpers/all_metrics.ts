/** The metrics of all modules. */

import { NatSearch } from '../../collector/jobs/derived.ts';
import type { Sample } from '../../collector/modules/module.ts';
import { askModes, RECORDED_MODES } from './conntrackd_metrics.ts';
import { namespaceSamples } from './namespace_scene.ts';
import { eventSamples, flowSamples, socketSamples } from './netlink_metrics.ts';
import { RecordedHost } from './recorded_host.ts';
import { type Metrics, metricsIn, metricsOf } from './stat_metrics.ts';
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
  namespaces: await namespaceSamples(),
};

export const fromEvents = metricsIn(samples.events);
/** With what is computed from `events` and `stat` on a current kernel. */
export const fromEventsWithStat: Metrics = withDerived(fromEvents, metricsOf(NAMES, '6.18.0'));
export const fromFlows = metricsIn(samples.flows);
export const fromSockets = metricsIn(samples.sockets);
export const fromDaemons = metricsIn(samples.conntrackd);
export const fromNamespaces = metricsIn(samples.namespaces);

/** The metrics of all modules, given those of `stat`. */
export const withOthers = ({ host, cpu }: Metrics): Metrics => ({
  ...fromDaemons,
  tcp: fromSockets.tcp,
  udp: fromSockets.udp,
  host: new Set([
    ...host,
    ...withDerived(fromEvents, { host }).host,
    ...fromFlows.host,
    ...fromSockets.host,
    ...fromNamespaces.host,
  ]),
  cpu,
});

/** The metrics of `events` with those that are computed from them and the metrics of `stat`. */
function withDerived(events: Metrics, { host }: Pick<Metrics, 'host'>): Metrics {
  const readings = Object.entries({ stat: host, events: events.host }).map(([module, metrics]) => {
    const values = Object.fromEntries([...metrics].map((metric) => [metric, 1]));
    const sample: Sample = { scope: 'host', instance: '', labels: {}, values };
    return { module, every: 1, samples: [sample] };
  });
  const search = new NatSearch();
  search.derive(0, readings);
  const derived = metricsIn(search.derive(1e6, readings)?.samples ?? []);
  return { ...events, host: new Set([...events.host, ...derived.host]) };
}

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
