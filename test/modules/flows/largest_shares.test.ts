import { describe, expect, it } from 'vitest';

import { LargestShares } from '../../../collector/modules/flows/largest_shares.ts';
import { type FlowEntry, flowEntry } from '../../helpers/flow_entry.ts';

/** The shares after these entries. */
function shares(entries: readonly FlowEntry[]): Record<string, number | undefined> {
  const largest = new LargestShares();
  for (const entry of entries) {
    const { bytes, flow } = flowEntry(entry);
    largest.add(flow, bytes);
  }
  const values = {};
  largest.fill(values);
  return values;
}

function connection(from: string, to: string, dport: number, protocol = 6): FlowEntry {
  return { protocol, original: { from, to, sport: 40_000, dport } };
}

describe('the largest shares', () => {
  it('are those of the single largest source, destination and service', () => {
    const entries = [
      ...[1, 2, 3, 4, 5].map((host) => connection('10.0.0.1', `198.51.100.${host}`, 440 + host)),
      ...[1, 2, 3].map((host) => connection(`10.0.1.${host}`, '192.0.2.9', 500 + host, 17)),
      ...[1, 2].map((host) => connection(`2001:db8::${host}`, `2001:db8:1::${host}`, 53)),
    ];
    expect(shares(entries)).toEqual({ largest_source: 50, largest_destination: 30, largest_service: 20 });
  });

  it('are those of the original direction, before translation', () => {
    const entry: FlowEntry = {
      ...connection('10.0.0.1', '192.0.2.1', 443),
      reply: { from: '10.9.9.9', to: '203.0.113.5', sport: 8443, dport: 1 },
    };
    const other = connection('10.9.9.9', '203.0.113.5', 8443);
    expect(shares([entry, other])).toEqual({ largest_source: 50, largest_destination: 50, largest_service: 50 });
  });

  it('tell services of different protocols apart, and take a protocol without ports for one service', () => {
    const ping = (host: number): FlowEntry => ({
      protocol: 1,
      original: { from: `10.0.0.${host}`, to: `10.0.1.${host}` },
    });
    const dns = [connection('10.1.0.1', '10.2.0.1', 53), connection('10.1.0.2', '10.2.0.2', 53, 17)];
    expect(shares([...dns, ping(1), ping(2)])['largest_service']).toBe(50);
  });

  it('are unknown in an empty table', () => {
    expect(shares([])).toEqual({});
  });
});
