import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readAnswer } from '../../../collector/modules/conntrackd/answer.ts';
import { FactSheet } from '../../../collector/modules/conntrackd/facts.ts';
import { interfaceName, LinkNames } from '../../../collector/modules/conntrackd/links.ts';
import { anyCharacter } from '../../helpers/any_character.ts';
import { recording } from '../../helpers/conntrackd_text.ts';

type Status = 'RUNNING' | 'NO-CARRIER' | 'DOWN';
/** A link as printed. */
type Printed = readonly [device: string, status: Status];

/** The reply; the link at position n has sent n + 1 bytes. */
function answer(links: readonly Printed[]): string {
  const column = (number: number): string => String(number).padStart(20);
  const blocks = links.map(
    (
      [device, status],
      place,
    ) => `UDP traffic device=${device} status=${status} role=${place === 0 ? 'ACTIVE' : 'BACKUP'}:
${column(place + 1)} Bytes sent ${column(0)} Bytes recv
${column(0)} Pckts sent ${column(0)} Pckts recv
${column(0)} Error send ${column(0)} Error recv\n\n`,
  );
  return blocks.join('');
}

/** The name, the device and the status of each link after a reply, by position. */
function settle(names: LinkNames, text: string): string[] {
  const sheet = new FactSheet();
  readAnswer('link', text, sheet);
  names.settle(sheet);
  return [...sheet.all()].map(({ counters, gauges, subject }, place) => {
    expect(subject.name).toBe(`${place}`);
    expect(counters.get('bytes_sent')?.value).toBe(BigInt(place + 1));
    const { labels, name } = names.named(subject);
    const states = ['running', 'no_carrier', 'down'];
    const status = states.filter((state) => gauges.get(state) === 1).join() || 'unknown';
    expect(states.filter((state) => gauges.has(state))).toHaveLength(status === 'unknown' ? 0 : 3);
    return name === labels['device'] ? `${name} ${status}` : `${name} (${labels['device']}) ${status}`;
  });
}

/** The same after the last of several replies of one daemon. */
function known(...answers: readonly (readonly Printed[])[]): string[] {
  const names = new LinkNames();
  return answers.map((links) => settle(names, answer(links))).at(-1) ?? [];
}

function two(device: string, status: Status, other = 'eth3', otherStatus: Status = 'RUNNING'): readonly Printed[] {
  return [
    [device, status],
    [other, otherStatus],
  ];
}

const UP = two('eth2', 'RUNNING');

describe('a link whose interface is removed', () => {
  it.each<[string, readonly Printed[], string[]]>([
    ['a control byte', two('\x03', 'DOWN'), ['eth2 down', 'eth3 running']],
    ['empty', two('', 'DOWN'), ['eth2 down', 'eth3 running']],
    [
      'the name and the status of the link before',
      two('eth2', 'RUNNING', 'eth2', 'RUNNING'),
      ['eth2 running', 'eth3 down'],
    ],
    ['the same for both', two('\x03', 'DOWN', '\x03', 'DOWN'), ['eth2 down', 'eth3 down']],
    ['a line end and a colon', two('a:\nb:', 'RUNNING'), ['eth2 down', 'eth3 running']],
    ['a status', two('x status=UP role=y', 'DOWN'), ['eth2 down', 'eth3 running']],
    ['a valid name', two('stack', 'DOWN'), ['eth2 down', 'eth3 running']],
  ])('keeps its name and is down if the printed name is %s', (_what, links, expected) => {
    expect(known(UP, links)).toEqual(expected);
    expect(known(UP, links, links)).toEqual(expected);
  });

  it('is named by its position if it was removed before the first reply', () => {
    expect(known(two('\x03', 'DOWN'))).toEqual(['link 1 down', 'eth3 running']);
    expect(known(two('\x03', 'DOWN', '\x03', 'DOWN'))).toEqual(['link 1 down', 'link 2 down']);
    const changing = known(two('\x03', 'DOWN'), two('stack', 'DOWN'));
    expect(changing).toEqual(['link 1 down', 'eth3 running']);
  });

  it('has no status if it may be a second channel over the same interface', () => {
    const same = two('eth2', 'RUNNING', 'eth2', 'RUNNING');
    expect(known(same)).toEqual(['eth2 running', 'link 2 unknown']);
    expect(known(same, same)).toEqual(['eth2 running', 'link 2 unknown']);
  });

  it.each(['first', 'second', 'both'])('is recognised in a reply of conntrackd 1.4.7: %s', (which) => {
    const names = new LinkNames();
    const read = (name: string): string[] => {
      const sheet = new FactSheet();
      readAnswer('link', recording(`ftfw-two-links/active/${name}`), sheet);
      names.settle(sheet);
      return [...sheet.all()].map(({ gauges, subject }) => `${names.named(subject).name} ${gauges.get('down')}`);
    };
    expect(read('link')).toEqual(['sync0 0', 'sync1 0']);
    const down = { first: ['sync0 1', 'sync1 0'], second: ['sync0 0', 'sync1 1'], both: ['sync0 1', 'sync1 1'] }[which];
    expect(read(`link_${which}_removed`)).toEqual(down);
  });
});

describe('a link', () => {
  it('is named by its interface, in each of its states', () => {
    expect(known(UP)).toEqual(['eth2 running', 'eth3 running']);
    expect(known(two('eth2', 'NO-CARRIER', 'eth3', 'DOWN'))).toEqual(['eth2 no_carrier', 'eth3 down']);
    expect(known(UP, two('eth2', 'DOWN', 'eth3', 'DOWN'), UP)).toEqual(['eth2 running', 'eth3 running']);
  });

  it('takes the new name of its interface, once it is up', () => {
    expect(known(UP, two('wan', 'DOWN'))).toEqual(['eth2 down', 'eth3 running']);
    expect(known(UP, two('wan', 'NO-CARRIER'))).toEqual(['wan no_carrier', 'eth3 running']);
    expect(known(UP, two('eth3', 'RUNNING', 'eth2', 'RUNNING'))).toEqual(['eth3 running', 'eth2 running']);
  });

  it('has a distinct name when its interface gets the name of a removed one', () => {
    const found = known(UP, two('\x03', 'DOWN', 'eth2', 'RUNNING'));
    expect(found).toEqual(['eth2 down', 'eth2 link 2 (eth2) running']);
  });

  it('is forgotten on request', () => {
    const names = new LinkNames();
    settle(names, answer(UP));
    names.forget();
    expect(settle(names, answer([['eth9', 'RUNNING']]))).toEqual(['eth9 running']);
  });

  it('keeps its name after a reply without links', () => {
    const names = new LinkNames();
    settle(names, answer(UP));
    names.settle(new FactSheet());
    expect(settle(names, answer(two('\x03', 'DOWN')))).toEqual(['eth2 down', 'eth3 running']);
  });

  it('keeps its numbers and its name, whatever is printed in place of the name of another', () => {
    const junk = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 16 }).map((text) => Buffer.from(text).toString('latin1').slice(0, 80)),
      fc.constantFrom('eth2', 'eth3', 'eth4', '', ':', '\n', ' status=DOWN', 'UDP traffic device=', '\x03'),
    );
    const status = fc.constantFrom<Status>('RUNNING', 'NO-CARRIER', 'DOWN');
    const three: readonly Printed[] = [...UP, ['eth4', 'RUNNING']];
    fc.assert(
      fc.property(fc.nat({ max: 2 }), junk, status, (removed, device, printed) => {
        const links = three.map((link, place): Printed => (place === removed ? [device, printed] : link));
        const found = known(three, links);
        for (const [place, [name]] of three.entries()) {
          if (place !== removed) expect(found[place]).toBe(`${name} running`);
        }
        expect(new Set(found.map((link) => link.split(' ')[0])).size).toBe(3);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the name of an interface', () => {
  it.each(['lo', 'eth0.100', 'wan@1', 'fifteen-bytes-x', '-', 'é', '..x'])('can be %j', (name) => {
    expect(interfaceName(Buffer.from(name).toString('latin1'))).toBe(name);
  });

  it.each([
    '',
    '.',
    '..',
    'a/b',
    'a:1',
    'a b',
    'a\tb',
    'a\n',
    '\x03',
    '\x7f',
    '\xe9',
    '\xa0',
    'sixteen-bytes-xx',
    '\0',
  ])('cannot be %j', (bytes) => {
    expect(interfaceName(bytes)).toBeUndefined();
  });
});
