import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Balance } from '../../../collector/modules/events/balance.ts';

/** A table, and the balance of what is reported of it once a second. */
class Table {
  second = 100;
  /** Entries whose end is reported, entries whose end is not, and entries whose first packet is on its way. */
  reported: number;
  unreported: number;
  underway = 0;
  readonly balance: Balance;
  #created = 0;
  #destroyed = 0;

  constructor(reported: number, unreported: number, isReadable = true) {
    this.reported = reported;
    this.unreported = unreported;
    this.balance = new Balance(isReadable ? this.entries : undefined, this.second * 1e6);
  }

  get entries(): number {
    return this.reported + this.unreported + this.underway;
  }

  create(count: number): this {
    this.reported += count;
    this.#created += count;
    return this;
  }

  destroy(count: number): this {
    this.reported -= count;
    this.#destroyed += count;
    return this;
  }

  destroyUnreported(count: number): this {
    this.unreported -= count;
    return this;
  }

  /** Whether every end since the last call is known to have been reported. */
  tick(second = this.second + 1, entries: number | undefined = this.entries): boolean {
    this.second = second;
    const isWhole = this.balance.isWhole(this.#created, this.#destroyed, entries, second * 1e6);
    this.#created = 0;
    this.#destroyed = 0;
    return isWhole;
  }

  /** What {@link tick} says second by second until then. */
  ticks(until: number): boolean[] {
    return Array.from({ length: until - this.second }, () => this.tick());
  }
}

describe('every end is known to be reported', () => {
  it('at once if the table was empty at first', () => {
    const table = new Table(0, 0);
    expect(table.create(17).destroy(5).tick()).toBe(true);
    expect(table.destroy(12).tick()).toBe(true);
  });

  it('not while 500 older entries end unreported, but once the table holds only younger ones', () => {
    const table = new Table(0, 500);
    expect(table.create(7).destroy(2).destroyUnreported(499).tick()).toBe(false);
    expect(table.destroyUnreported(1).create(3).tick()).toBe(false);
    expect(table.create(2).destroy(1).tick()).toBe(true);
  });

  it('not in the interval in which the table is emptied, but in the next', () => {
    const table = new Table(0, 500);
    expect(table.destroyUnreported(500).tick()).toBe(false);
    expect(table.create(1).destroy(1).tick()).toBe(true);
  });

  it('after a minute without an unreported end, even if older entries remain', () => {
    const table = new Table(40, 500);
    for (let second = 101; second < 160; second++) expect(table.create(3).destroy(2).tick()).toBe(false);
    expect(table.create(3).destroy(2).tick()).toBe(true);
    expect(table.second).toBe(160);
  });

  it('not for a minute after an unreported end', () => {
    const table = new Table(40, 500);
    table.ticks(170);
    expect(table.tick()).toBe(true);
    expect(table.destroyUnreported(1).tick()).toBe(false);
    expect(table.second).toBe(172);
    expect(table.ticks(231)).not.toContain(true);
    expect(table.tick()).toBe(true);
  });

  it('not if an unreported end is hidden by the start of another entry', () => {
    const table = new Table(0, 1);
    expect(table.create(1).destroyUnreported(1).tick()).toBe(false);
  });

  it('after the reported ends of all older entries', () => {
    const table = new Table(300, 0);
    expect(table.destroy(299).tick()).toBe(false);
    expect(table.destroy(1).tick()).toBe(false);
    expect(table.create(6).destroy(2).tick()).toBe(true);
  });

  it('not after a reported end that may be of an older or a younger entry', () => {
    const table = new Table(300, 200);
    // As many young ones as there are entries, if the 300 had been young.
    table.create(310).tick();
    table.destroy(300).tick();
    expect(table.entries).toBe(510);
    expect(table.destroyUnreported(1).tick()).toBe(false);
  });

  it('not for a minute after entries with a reported start end unreported', () => {
    const table = new Table(0, 0);
    expect(table.create(10).tick()).toBe(true);
    table.reported -= 4;
    expect(table.tick()).toBe(false);
    expect(table.create(1).destroy(1).tick()).toBe(false);
    expect(table.ticks(161)).not.toContain(true);
    expect(table.tick()).toBe(true);
  });

  it('although packets in flight add entries for a moment', () => {
    const table = new Table(0, 0);
    for (const underway of [3, 0, 1, 7, 2, 0, 5]) {
      table.underway = underway;
      expect(table.create(5).destroy(3).tick()).toBe(true);
    }
  });

  it('while the number of entries is unknown only if it was known before', () => {
    const older = new Table(0, 9);
    older.ticks(161);
    expect(older.create(1).tick(undefined, undefined)).toBe(true);
    const unknown = new Balance(9, 100e6);
    unknown.isWhole(0, 0, 9, 170e6);
    expect(unknown.isWhole(4, 4, undefined, 171e6)).toBe(false);
    expect(unknown.isWhole(0, 0, 9, 172e6)).toBe(true);
    const younger = new Balance(0, 100e6);
    expect(younger.isWhole(4, 4, undefined, 101e6)).toBe(true);
  });

  it('never if the number of entries cannot be read', () => {
    const balance = new Balance(undefined, 100e6);
    for (let second = 101; second < 300; second++) {
      expect(balance.isWhole(2, 2, undefined, second * 1e6)).toBe(false);
    }
  });

  it('not in the first interval with a known number of entries, which has nothing to compare', () => {
    const balance = new Balance(undefined, 100e6);
    expect(balance.isWhole(0, 0, 9, 170e6)).toBe(false);
    expect(balance.isWhole(2, 2, 9, 171e6)).toBe(true);
    expect(balance.isWhole(2, 2, 8, 172e6)).toBe(false);
  });

  it('after lost events if it was before', () => {
    const table = new Table(0, 0);
    table.create(50).tick();
    table.destroy(20);
    table.balance.restart(table.entries);
    expect(new Table(0, 0).tick()).toBe(true);
    expect(table.balance.isWhole(2, 1, 31, 103e6)).toBe(true);
    expect(table.balance.isWhole(0, 0, 30, 104e6)).toBe(false);
  });

  it('not after lost events if it was not before', () => {
    const table = new Table(0, 500);
    table.balance.restart(400);
    expect(table.balance.isWhole(400, 0, 800, 103e6)).toBe(false);
    // 400 younger ones of 400 entries would be proof if the lost reports had been counted.
    expect(table.balance.isWhole(0, 0, 401, 104e6)).toBe(false);
    expect(table.balance.isWhole(0, 0, 401, 105e6)).toBe(false);
  });
});

it('a balance is never whole in an interval with an unreported end, whatever else happens in the table', () => {
  const count = fc.nat(9);
  const second = fc.record({ create: count, destroy: count, destroyUnreported: fc.nat(2) });
  fc.assert(
    fc.property(count, fc.nat(20), fc.array(second, { maxLength: 150 }), (reported, unreported, seconds) => {
      const table = new Table(reported, unreported);
      for (const { create, destroy, destroyUnreported } of seconds) {
        const ended = Math.min(destroyUnreported, table.unreported);
        table.create(create).destroyUnreported(ended);
        table.destroy(Math.min(destroy, table.reported));
        const isWhole = table.tick();
        if (ended > 0) expect(isWhole).toBe(false);
        if (table.unreported === 0 && reported === 0 && ended === 0) expect(isWhole).toBe(true);
      }
    }),
  );
});

describe('the growth of a table without events', () => {
  it('is counted from the fewest entries since the last event', () => {
    const table = new Table(30, 0);
    table.create(5).tick();
    expect(table.balance.growth).toBe(0);
    table.unreported += 9;
    table.tick();
    expect(table.balance.growth).toBe(9);
    table.unreported -= 4;
    table.tick();
    expect(table.balance.growth).toBe(5);
    table.unreported -= 7;
    table.tick();
    expect(table.balance.growth).toBe(0);
    table.unreported += 3;
    table.tick();
    expect(table.balance.growth).toBe(3);
  });

  it.each(['create', 'destroy'] as const)('is reset by an event (%s)', (report) => {
    const table = new Table(30, 0);
    table.unreported += 60;
    table[report](1).tick();
    expect(table.balance.growth).toBe(0);
    table.unreported += 8;
    table.tick();
    expect(table.balance.growth).toBe(8);
  });

  it('is reset when events were lost', () => {
    const table = new Table(30, 0);
    table.unreported += 60;
    table.tick();
    table.balance.restart(90);
    expect(table.balance.growth).toBe(0);
  });
});
