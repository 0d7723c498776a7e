import { describe, expect, it } from 'vitest';

import { FormatError } from '../../../collector/base/errors.ts';
import { readAnswer } from '../../../collector/modules/conntrackd/answer.ts';
import { FactSheet } from '../../../collector/modules/conntrackd/facts.ts';
import { FORMATS } from '../../helpers/conntrackd_formats.ts';
import { type Numbers, numbersIn, of } from '../../helpers/conntrackd_replies.ts';
import { distinct, fill, numbersOf, recording } from '../../helpers/conntrackd_text.ts';

describe('a recorded reply', () => {
  it('of each of a pair has its caches, and the lost messages of the one that missed them', () => {
    const active = numbersIn('ct', recording('ftfw-udp/active/ct'));
    const backup = numbersIn('ct', recording('ftfw-udp/backup/ct'));
    expect(of('cache/external', backup)).toEqual(of('cache/internal', active));
    const lost = backup['daemon.lost'];
    expect(lost).toMatch(/^[1-9]\d* u64$/);
    expect(numbersIn('network', recording('ftfw-udp/backup/network'))['daemon.lost']).toBe(lost);
  });

  it('about a cut link shows at which end it is down', () => {
    const state = (node: string): Numbers => of('link/0', numbersIn('link', recording(`ftfw-udp/${node}/link_cut`)));
    const known = { active: '1 gauge', backup: '0 gauge', running: '0 gauge' };
    expect(state('active')).toMatchObject({ ...known, down: '1 gauge', no_carrier: '0 gauge' });
    expect(state('backup')).toMatchObject({ ...known, down: '0 gauge', no_carrier: '1 gauge' });
  });

  it('about two links shows which one is active, and keeps their numbers apart', () => {
    const found = numbersIn('link', recording('ftfw-two-links/active/link_cut'));
    expect(of('link/0', found)).toMatchObject({ active: '0 gauge', backup: '1 gauge', down: '1 gauge' });
    expect(of('link/1', found)).toMatchObject({ active: '1 gauge', backup: '0 gauge', running: '1 gauge' });
    expect(of('link/0', found)['bytes_sent']).not.toBe(of('link/1', found)['bytes_sent']);
  });

  it('of a daemon without caches has bypassed and injected connections, and no number of entries', () => {
    const found = numbersIn('ct', recording('notrack-no-caches/active/ct'));
    expect(Object.keys(of('cache/bypass', found))).toEqual(['created', 'updated', 'destroyed']);
    expect(Object.keys(of('cache/inject', found))).toHaveLength(6);
    expect(numbersIn('cache', recording('notrack-no-caches/active/cache'))).toEqual({});
  });

  it('about expectations is kept apart from that about connections, and has no numbers of the daemon', () => {
    const found = numbersIn('expect', recording('ftfw-expectations/active/expect'));
    expect(of('cache/internal_expectations', found)).toHaveProperty('active');
    expect(of('daemon', found)).toEqual({});
  });

  it('about a child that writes a dump counts it', () => {
    expect(numbersIn('process', recording('ftfw-udp/active/process_dump'))['daemon.children_any']).toBe('1 gauge');
  });

  it('to rsqueue has only the length of the queue', () => {
    const text = recording('ftfw-udp/active/rsqueue_cut');
    expect(numbersIn('rsqueue', text)).toEqual({ 'queue/rsqueue.elements': `${text.split('\n').length - 2} gauge` });
  });
});

describe('the labels of each subject', () => {
  it('name it', () => {
    const sheet = new FactSheet();
    readAnswer('ct', recording('ftfw-udp/active/ct'), sheet);
    readAnswer('expect', recording('ftfw-expectations/active/expect'), sheet);
    readAnswer('link', recording('ftfw-multicast/active/link'), sheet);
    readAnswer('queue', recording('ftfw-udp/active/queue'), sheet);
    const labels = Object.fromEntries([...sheet.all()].map(({ subject }) => [subject.name, subject.labels]));
    expect(labels).toEqual({
      0: { device: 'sync0', protocol: 'multicast' },
      '': {},
      internal: { cache: 'internal', objects: 'connections' },
      external: { cache: 'external', objects: 'connections' },
      internal_expectations: { cache: 'internal', objects: 'expectations' },
      external_expectations: { cache: 'external', objects: 'expectations' },
      txqueue: { queue: 'txqueue' },
      errorq: { queue: 'errorq' },
      rsqueue: { queue: 'rsqueue' },
    });
  });
});

describe('the state of a TCP channel', () => {
  const [, format = ''] = FORMATS['ct of a pair over UDP'] ?? [];

  it.each([
    ['connected', 'connected', 1, 1],
    ['connected', 'disconnected', 1, 0],
    ['disconnected', 'connected', 0, 1],
    ['disconnected', 'disconnected', 0, 0],
  ])('is read if the server is %s and the client %s', (server, client, one, other) => {
    const heading = `TCP traffic (active device=eth3) server=${server} client=${client}:`;
    const text = format.replace('UDP traffic (active device=eth3):', heading);
    const values = distinct(text);
    expect(numbersIn('ct', fill(text, values))).toEqual({
      ...numbersOf(text, values),
      'daemon.server_connected': `${one} gauge`,
      'daemon.client_connected': `${other} gauge`,
    });
  });
});

it('the state of a TCP channel with a removed interface is read, whatever name is printed', () => {
  for (const device of ['', '\x03', 'a\nb', 'a:\n', ' x) ']) {
    const text = `TCP traffic (active device=${device}) server=connected client=disconnected:\n`;
    expect(numbersIn('ct', text)).toEqual({
      'daemon.server_connected': '1 gauge',
      'daemon.client_connected': '0 gauge',
    });
  }
});

describe('a link', () => {
  it.each(['multicast', 'UDP', 'TCP'])('over %s has the protocol as a label', (protocol) => {
    const sheet = new FactSheet();
    readAnswer('link', `${protocol} traffic device=wan.100 status=RUNNING role=ACTIVE:\n`, sheet);
    const subjects = [...sheet.all()].map(({ subject }) => subject);
    const labels = { device: 'wan.100', protocol: protocol.toLowerCase() };
    expect(subjects).toEqual([{ scope: 'link', name: '0', labels }]);
  });

  it.each([
    ['RUNNING', 'running'],
    ['NO-CARRIER', 'no_carrier'],
    ['DOWN', 'down'],
  ])('with status %s has that state', (status, metric) => {
    const found = numbersIn('link', `UDP traffic device=eth3 status=${status} role=BACKUP:\n`);
    const states = { running: '0 gauge', no_carrier: '0 gauge', down: '0 gauge', active: '0 gauge', backup: '1 gauge' };
    expect(of('link/0', found)).toEqual({ ...states, [metric]: '1 gauge' });
  });

  it.each([
    ['status=UP role=ACTIVE', 'UP'],
    ['status=RUNNING role=MASTER', 'MASTER'],
  ])('in an unknown state is refused: %s', (states, unknown) => {
    const text = `UDP traffic device=eth3 ${states}:\n`;
    expect(() => readAnswer('link', text, new FactSheet())).toThrow(new FormatError(`unknown state: ${unknown}`));
  });
});
