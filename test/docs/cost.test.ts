import { describe, expect, it } from 'vitest';

import { costTables } from '../../docs/generate/cost.ts';

describe('the tables of costs', () => {
  it('name the machine, and the date and the load of each part', () => {
    const text = costTables({
      machine: { processor: 'Well 7', cpus: 3, kernel: '6.18.5', node: '20.20.1' },
      sections: [
        {
          title: 'Digging',
          date: '2026-03-04',
          load: 1.26,
          figures: [
            { name: 'spades | scoops', value: 0.374, unit: '' },
            { name: 'digging', value: 61.23, unit: 'ms' },
          ],
        },
        { title: 'Filling', date: '2026-05-06', load: 0, figures: [{ name: 'lost', value: -9.996, unit: 'MB' }] },
      ],
    });
    expect(text).toBe(`3 CPUs (Well 7), Linux 6.18.5, Node.js 20.20.1.

### Digging

2026-03-04, load average 1.3 at the start.

| What | Figure |
|---|---|
| spades \\| scoops | 0.37 |
| digging | 61.2 ms |

### Filling

2026-05-06, load average 0.0 at the start.

| What | Figure |
|---|---|
| lost | -10.00 MB |
`);
  });
});
