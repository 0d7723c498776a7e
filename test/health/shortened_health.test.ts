import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import {
  shortenConntrackd,
  shortenFull,
  shortenNamespaces,
  shortenSockets,
  shortenTable,
} from '../helpers/shortened_health.ts';

/** Lines of the health file before and after a change. */
function changesBy(shorten: (health: string) => string): string[] {
  const health = readFileSync('health/conntrack.conf', 'utf8').split('\n');
  const shortened = shorten(health.join('\n')).split('\n');
  expect(shortened).toHaveLength(health.length);
  const trimmed = (line = ''): string => line.trim().replaceAll(/ +/g, ' ');
  return shortened.flatMap((line, at) => (line === health[at] ? [] : [`${trimmed(health[at])} → ${trimmed(line)}`]));
}

describe('the shortened health file differs from the real one only in the times of', () => {
  it('conntrack_full', () => {
    expect(changesBy(shortenFull)).toEqual([
      'lookup: max -1m unaligned of used → lookup: max -5s unaligned of used',
      'every: 10s → every: 1s',
    ]);
  });

  it('alerts on the table', () => {
    const [often, seldom] = ['every: 10s → every: 1s', 'every: 30s → every: 1s'];
    expect(changesBy(shortenTable)).toEqual([
      'lookup: max -1m unaligned of used → lookup: max -5s unaligned of used',
      often,
      'lookup: max -1m unaligned of used → lookup: max -5s unaligned of used',
      // Of conntrack_namespace_full, _drops and _insert_failed, the last two for two contexts.
      ...[often, often, often, seldom, seldom],
      // Of conntrack_drops, early_drops, insert_failed and chain_too_long.
      ...[often, often, seldom, seldom],
      'lookup: max -1m at -4m unaligned of connections → lookup: max -3s at -12s unaligned of connections',
      often,
      'lookup: min -1m unaligned of connections → lookup: min -3s unaligned of connections',
      'calc: ($this - $conntrack_connections_before) / 3 → calc: ($this - $conntrack_connections_before) * 20 / 3',
      // Of conntrack_growth, time_to_full, unreplied and largest_source.
      ...[often, often, often, often],
      // Of conntrack_snat_ports, nat_search_usual, nat_search, stuck_usual and stuck.
      'lookup: max -1m unaligned of used → lookup: max -5s unaligned of used',
      ...[often, 'every: 1m → every: 1s', often, 'every: 1m → every: 1s'],
      'lookup: min -1m unaligned of connections → lookup: min -3s unaligned of connections',
      often,
    ]);
  });

  it('alerts on namespaces, and those of the host that correspond', () => {
    const drops = 'lookup: average -1m unaligned absolute of drop → lookup: average -5s unaligned absolute of drop';
    const failed =
      'lookup: average -5m unaligned absolute of insert_failed → lookup: average -5s unaligned absolute of insert_failed';
    const [often, seldom] = ['every: 10s → every: 1s', 'every: 30s → every: 1s'];
    expect(changesBy(shortenNamespaces)).toEqual([
      'lookup: max -1m unaligned of used → lookup: max -5s unaligned of used',
      often,
      ...[drops, often, drops, often, failed, seldom, failed, seldom],
      ...[drops, often, failed, seldom],
    ]);
  });

  it('alerts on sockets', () => {
    const every = 'every: 1m → every: 1s';
    const seldom = 'every: 10m → every: 10s';
    const longer = 'delay: down 1h multiplier 1.5 max 6h → delay: down 1m multiplier 1.5 max 6m';
    expect(changesBy(shortenSockets)).toEqual([
      'lookup: max -5m at -20m unaligned of close_wait → lookup: max -5s at -20s unaligned of close_wait',
      every,
      'lookup: min -5m at -10m unaligned of close_wait → lookup: min -5s at -10s unaligned of close_wait',
      every,
      'lookup: max -5m at -10m unaligned of close_wait → lookup: max -5s at -10s unaligned of close_wait',
      every,
      'lookup: min -5m unaligned of close_wait → lookup: min -5s unaligned of close_wait',
      every,
      longer,
      'lookup: min -1d at -1d unaligned of close_wait → lookup: min -20s at -20s unaligned of close_wait',
      seldom,
      'lookup: min -1d unaligned of close_wait → lookup: min -20s unaligned of close_wait',
      seldom,
      longer,
      'lookup: average -6h at -10m unaligned of syn_recv → lookup: average -20s at -20s unaligned of syn_recv',
      every,
      'lookup: min -1m unaligned of syn_recv → lookup: min -15s unaligned of syn_recv',
      'every: 10s → every: 1s',
    ]);
  });

  it('alerts on conntrackd', () => {
    const lookups = changesBy(shortenConntrackd).filter((change) => !/^every: \d+[sm] → every: 1s$/.test(change));
    expect(lookups.map((change) => change.replaceAll(/lookup: | unaligned of \S+/g, ''))).toEqual([
      'max -30s → max -3s',
      ...Array.from({ length: 4 }, () => 'average -5m → average -2s'),
      'max -1m → max -1s',
      'average -10m → average -3s',
      'average -30m at -40m → average -8s at -10s',
      'average -30m at -40m → average -8s at -10s',
      'average -10m → average -3s',
    ]);
  });
});
