import { describe, expect, it } from 'vitest';

import { type Route, routeKey } from '../../../collector/modules/flows/route.ts';

const ROUTE: Route = {
  zone: 1,
  protocol: 17,
  destination: 0x0a60000a,
  destinationPort: 53,
  translatedDestination: { address: 0x0af40007, port: 5353 },
  translatedSource: 0xcb007109,
};

describe('the key of a route', () => {
  it('is the same for equal routes', () => {
    expect(routeKey({ ...ROUTE, translatedDestination: { address: 0x0af40007, port: 5353 } })).toBe(routeKey(ROUTE));
  });

  it.each<Partial<Route>>([
    { zone: 2 },
    { protocol: 6 },
    { destination: 0x0a60000b },
    { destination: '\x20\x01'.padEnd(16, '\0') },
    { destinationPort: -1 },
    { translatedDestination: { address: 0x0af40008, port: 5353 } },
    { translatedDestination: { address: 0x0af40007, port: 5354 } },
    { translatedDestination: undefined },
    { translatedSource: 0xcb00710a },
    { translatedSource: undefined },
  ])('differs with %j', (change) => {
    expect(routeKey({ ...ROUTE, ...change })).not.toBe(routeKey(ROUTE));
  });
});
