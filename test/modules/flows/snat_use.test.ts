import { describe, expect, it } from 'vitest';

import { parseNetwork } from '../../../collector/base/cidr.ts';
import { SnatUse } from '../../../collector/modules/flows/snat_use.ts';
import { flowEntry } from '../../helpers/flow_entry.ts';

const IPS_SRC_NAT = 0x10;
const FIRST = 50_000;

/** 1000 ports for 203.0.113.0/24. */
function use(): SnatUse {
  const network = parseNetwork('203.0.113.0/24');
  return new SnatUse(network === undefined ? [] : [{ network, low: FIRST, high: FIRST + 999 }]);
}

/** The metrics of a dump that finds so many ports in use towards each of some destination ports. */
function dump(snat: SnatUse, ports: readonly number[], scale = 1, address = '203.0.113.5') {
  const visitor = snat.begin();
  for (const [endpoint, used] of ports.entries()) {
    for (let port = 0; port < used; port++) {
      const { bytes, flow } = flowEntry({
        protocol: 17,
        status: IPS_SRC_NAT,
        original: { from: '10.0.0.1', to: '198.51.100.1', sport: 9, dport: 80 + endpoint },
        reply: { from: '198.51.100.1', to: address, sport: 80 + endpoint, dport: FIRST + port },
      });
      visitor.add(flow, bytes);
    }
  }
  const values: Record<string, number | undefined> = {};
  visitor.fill(values, scale);
  return [values['snat_ports_used'], values['snat_endpoints_busy'], values['snat_endpoints_exhausted']];
}

const UNKNOWN = [undefined, undefined, undefined];

describe('the use of ports for source NAT', () => {
  it('is that of the fullest endpoint, with how many are busy and exhausted', () => {
    expect(dump(use(), [123, 500, 501, 950, 951, 973])).toEqual([97.3, 4, 2]);
  });

  it('is unknown until there was source NAT, and then 0 without any', () => {
    const snat = use();
    expect([dump(snat, []), dump(snat, [70]), dump(snat, [])]).toEqual([UNKNOWN, [7, 0, 0], [0, 0, 0]]);
  });

  it('is scaled in a sample of the table', () => {
    expect(dump(use(), [100, 241], 2.5)).toEqual([60.25, 1, 0]);
  });

  it('is at most 100 % in a sample of the table', () => {
    expect(dump(use(), [410], 2.5)).toEqual([100, 1, 1]);
  });

  it('is known for the smallest pool if the whole table was read', () => {
    const network = parseNetwork('203.0.113.5');
    const snat = new SnatUse(network === undefined ? [] : [{ network, low: FIRST, high: FIRST + 4 }]);
    expect(dump(snat, [3])).toEqual([60, 1, 0]);
  });

  it('is unknown in a sample with too few entries for the size of the pool', () => {
    expect(dump(use(), [300], 2.6)).toEqual(UNKNOWN);
    expect(dump(use(), [300], 2.6, '192.0.2.1')[0]).toBeCloseTo((300 * 2.6 * 100) / 64_512);
  });
});
