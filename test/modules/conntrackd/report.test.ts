import { describe, expect, it } from 'vitest';

import { readAnswer } from '../../../collector/modules/conntrackd/answer.ts';
import { FactSheet } from '../../../collector/modules/conntrackd/facts.ts';
import { Report } from '../../../collector/modules/conntrackd/report.ts';
import type { Request } from '../../../collector/modules/conntrackd/request.ts';
import { InstanceIds } from '../../../collector/modules/instance_ids.ts';
import { upAt } from '../../helpers/conntrackd_report.ts';
import { recording } from '../../helpers/conntrackd_text.ts';

function newReport(): Report {
  return new Report('fw', new InstanceIds());
}

/** A round with these replies. */
function round(answers: Partial<Record<Request, string>>, restarted = false) {
  const sheet = new FactSheet();
  for (const request of ['runtime', 'process', 'ct', 'expect', 'cache', 'network', 'link', 'queue'] as const) {
    const text = answers[request];
    if (text !== undefined) readAnswer(request, text, sheet);
  }
  return { sheet, restarted, malformed: new Map() } as const;
}

const names = ['runtime', 'ct', 'expect', 'cache', 'network', 'link', 'queue'] as const;
const recorded = (node: string) => Object.fromEntries(names.map((name) => [name, recording(`${node}/${name}`)]));
const composed = (name: string) =>
  Object.fromEntries(
    ['runtime', 'ct', 'cache', 'network', 'link', 'queue'].map((request) => [
      request,
      recording(`composed/${name}/${request}`),
    ]),
  );

/** A link in a reply, with so many bytes sent. */
function linkText(device: string, status: string, bytes: number): string {
  const [sent, none] = [String(bytes).padStart(20), '0'.padStart(20)];
  return `UDP traffic device=${device} status=${status} role=ACTIVE:\n${sent} Bytes sent ${none} Bytes recv\n\n`;
}

/** The samples of a report by scope and instance. */
function byPlace(samples: ReturnType<Report['up']>) {
  return new Map(samples.map((sample) => [`${sample.scope} ${sample.instance}`, sample]));
}

const UP = { up: 1, unresponsive: 0, down: 0 };

describe('the samples of a daemon that answers', () => {
  it('are of the daemon, its caches, its links and its queues, each with its labels', () => {
    const samples = upAt(newReport(), round(recorded('ftfw-expectations/active')), 1e6, undefined);
    expect(samples.map(({ instance, labels, scope }) => [scope, instance, labels])).toEqual([
      ['daemon', 'fw', { daemon: 'fw' }],
      ['cache', 'fw_internal', { daemon: 'fw', cache: 'internal', objects: 'connections' }],
      ['cache', 'fw_external', { daemon: 'fw', cache: 'external', objects: 'connections' }],
      ['cache', 'fw_internal_expectations', { daemon: 'fw', cache: 'internal', objects: 'expectations' }],
      ['cache', 'fw_external_expectations', { daemon: 'fw', cache: 'external', objects: 'expectations' }],
      ['link', 'fw_sync0', { daemon: 'fw', device: 'sync0', protocol: 'udp' }],
      ['queue', 'fw_txqueue', { daemon: 'fw', queue: 'txqueue' }],
      ['queue', 'fw_errorq', { daemon: 'fw', queue: 'errorq' }],
      ['queue', 'fw_rsqueue', { daemon: 'fw', queue: 'rsqueue' }],
    ]);
  });

  it('have all gauges at once', () => {
    const samples = byPlace(upAt(newReport(), round(composed('large')), 1e6, 88));
    expect(samples.get('daemon fw')?.values).toMatchObject({ ...UP, uptime: 183_840, lost: undefined });
    expect(samples.get('cache fw_internal')?.values).toMatchObject({ active: 4_294_967_000, created: undefined });
    expect(samples.get('queue fw_errorq')?.values).toMatchObject({ maximum: 128, refused: undefined });
    const states = { running: 1, no_carrier: 0, down: 0, active: 1, backup: 0, bytes_sent: undefined };
    expect(samples.get('link fw_eth3')?.values).toMatchObject(states);
  });

  it('have rates from the second round on, also across wraps of counters', () => {
    const report = newReport();
    upAt(report, round(composed('large')), 100e6, undefined);
    const samples = byPlace(upAt(report, round(composed('wrapped')), 110e6, 55));
    // 4294967196 became 50, ten seconds later.
    expect(samples.get('cache fw_internal')?.values).toMatchObject({ created: 15, active: 4_294_967_001 });
    // 9007199254740993 became 9007199254741004.
    expect(samples.get('daemon fw')?.values).toMatchObject({ processed_bytes: 1.1, lost: 2, uptime: 183_900 });
    const all = [...samples.values()].flatMap(({ values }) => Object.entries(values));
    expect(all.filter(([, value]) => value === undefined || value < 0 || !Number.isFinite(value))).toEqual([]);
  });

  it('have no rates in the round that finds it restarted', () => {
    const report = newReport();
    upAt(report, round(composed('large')), 100e6, undefined);
    const samples = byPlace(upAt(report, round(composed('wrapped'), true), 110e6, undefined));
    expect(samples.get('cache fw_internal')?.values).toMatchObject({ created: undefined, active: 4_294_967_001 });
    expect(samples.get('daemon fw')?.values).toMatchObject({ processed_bytes: undefined, lost: undefined });
  });

  it('keep the counters of the subjects apart', () => {
    const report = newReport();
    upAt(report, round({ link: linkText('a', 'RUNNING', 1000) + linkText('b', 'DOWN', 500) }), 100e6, undefined);
    const later = linkText('a', 'RUNNING', 1070) + linkText('b', 'DOWN', 530);
    const samples = byPlace(upAt(report, round({ link: later }), 110e6, undefined));
    expect(samples.get('link fw_a')?.values).toMatchObject({ bytes_sent: 7 });
    expect(samples.get('link fw_b')?.values).toMatchObject({ bytes_sent: 3 });
  });

  it('have instances that the agent stores as different ones', () => {
    const ids = new InstanceIds();
    const link = linkText('eth0.1', 'RUNNING', 0) + linkText('eth0_1', 'RUNNING', 0);
    const instances = (name: string): string[] =>
      upAt(new Report(name, ids), round({ link }), 1e6, undefined).map(({ instance }) => instance);
    expect(instances('fw')).toEqual(['fw_eth0_1', 'fw_eth0_1_2', 'fw']);
    expect(instances('fw_eth0')).toEqual(['fw_eth0_eth0_1', 'fw_eth0_eth0_1_2', 'fw_eth0']);
    const other = upAt(new Report('fw_eth0', ids), round({ link: linkText('1', 'RUNNING', 0) }), 1e6, undefined);
    expect(other.map(({ instance }) => instance)).toEqual(['fw_eth0_1_3', 'fw_eth0']);
  });

  it('have no names of links from before a restart', () => {
    const report = newReport();
    upAt(report, round({ link: linkText('eth2', 'RUNNING', 0) }), 1e6, undefined);
    const removed = linkText('\x03', 'RUNNING', 0);
    expect(byPlace(upAt(report, round({ link: removed }), 2e6, undefined)).get('link fw_eth2')?.values).toMatchObject({
      running: 0,
      down: 1,
    });
    const samples = upAt(report, round({ link: removed }, true), 3e6, undefined);
    expect(samples.map(({ labels }) => labels['device'])).toEqual(['link 1', undefined]);
  });

  it('show that it is up even if nothing else is known', () => {
    const samples = upAt(newReport(), round({}), 1e6, 5);
    expect(samples).toEqual([{ scope: 'daemon', instance: 'fw', labels: { daemon: 'fw' }, values: UP }]);
  });

  it('have instances that are valid in chart ids, and unchanged labels', () => {
    const link = Buffer.from(linkText('bond0.7@é', 'RUNNING', 0)).toString('latin1');
    const samples = byPlace(upAt(newReport(), round({ link }), 1e6, undefined));
    expect(samples.get('link fw_bond0_7_')?.labels).toMatchObject({ daemon: 'fw', device: 'bond0.7@é' });
  });
});

describe('the comparison with the kernel', () => {
  const daemonOf = (answers: Partial<Record<Request, string>>, connections: number | undefined) =>
    byPlace(upAt(newReport(), round(answers), 1e6, connections)).get('daemon fw')?.values;

  it('has the sizes of the table, of the internal cache and of the external cache', () => {
    const expected = { kernel_connections: 97, internal_connections: 1545, external_connections: 1301 };
    expect(daemonOf({ ct: recording('composed/0.9.14/ct') }, 97)).toMatchObject(expected);
  });

  it('lacks the table if the daemon runs in another namespace', () => {
    const found = daemonOf({ ct: recording('composed/0.9.14/ct') }, undefined);
    expect(found).toMatchObject({ internal_connections: 1545 });
    expect(found).not.toHaveProperty('kernel_connections');
  });

  it('lacks the external cache if there is none', () => {
    const found = daemonOf({ ct: recording('ftfw-no-external-cache/active/ct') }, 97);
    expect(found).toMatchObject({ kernel_connections: 97 });
    expect(found).not.toHaveProperty('external_connections');
  });

  it.each(['notrack-no-caches/active/ct', 'stats/active/ct'])('is absent without an internal cache: %s', (name) => {
    const found = daemonOf({ ct: recording(name) }, 97);
    expect(Object.keys(found ?? {}).filter((metric) => metric.endsWith('_connections'))).toEqual([]);
  });

  it('is of connections, not of expectations', () => {
    const found = daemonOf({ expect: recording('ftfw-expectations/active/expect') }, 97);
    expect(found).not.toHaveProperty('internal_connections');
  });
});

describe('the fill of a queue', () => {
  const fillOf = (elements: number, maximum: number): unknown => {
    const queue = `queue errorq:\ncurrent elements:\t\t${elements}\nmaximum elements:\t\t${maximum}\n`;
    return byPlace(upAt(newReport(), round({ queue }), 1e6, undefined)).get('queue fw_errorq')?.values['fill'];
  };

  it('is its length as a percentage of its limit', () => {
    expect(fillOf(32, 128)).toBe(25);
    expect(fillOf(0, 128)).toBe(0);
    expect(fillOf(131_072, 131_072)).toBe(100);
    expect(fillOf(1, 2 ** 31 - 2)).toBeCloseTo(4.66e-8, 10);
  });

  it('is unknown without a limit, and with a limit of 0', () => {
    expect(fillOf(32, 2 ** 31 - 1)).toBeUndefined();
    expect(fillOf(32, 4_294_967_295)).toBeUndefined();
    expect(fillOf(0, 0)).toBeUndefined();
  });

  it('is unknown if only its length is reported', () => {
    const sheet = new FactSheet();
    readAnswer('rsqueue', 'resent queue (len=24)\nobject -> seq:1795240812\n', sheet);
    const samples = byPlace(upAt(newReport(), { ...round({}), sheet }, 1e6, undefined));
    expect(samples.get('queue fw_rsqueue')?.values).toEqual({ elements: 24 });
  });
});

describe('the sample of a daemon that does not answer', () => {
  it.each(['unresponsive', 'down'] as const)('is its state alone: %s', (state) => {
    const values = { up: 0, unresponsive: 0, down: 0, [state]: 1 };
    expect(newReport().absent(state)).toEqual([{ scope: 'daemon', instance: 'fw', labels: { daemon: 'fw' }, values }]);
  });

  it('keeps the counters: the next rates cover the whole time', () => {
    const report = newReport();
    upAt(report, round(composed('large')), 100e6, undefined);
    report.absent('unresponsive');
    const samples = byPlace(upAt(report, round(composed('wrapped')), 130e6, undefined));
    expect(samples.get('cache fw_internal')?.values).toMatchObject({ created: 5 });
  });
});
