import { beforeEach, describe, expect, it } from 'vitest';

import { parseConfig } from '../../collector/config/parse.ts';
import type { Settings } from '../../collector/jobs/job.ts';
import { Watched } from '../../collector/jobs/watched.ts';
import type { Namespace } from '../../collector/namespaces/namespace.ts';
import { contextOf } from '../helpers/context.ts';
import { boundNamespace, NamespaceScene } from '../helpers/namespace_scene.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

const SETTINGS: Settings = { config: parseConfig('conntrack.conf', ''), every: 1 };
const BLUE = boundNamespace('blue');
const AT = 71e6;

let scene: NamespaceScene;
let log: RecordingLog;
/** What was asked of the jobs. */
let calls: string[];
let watched: Watched;

beforeEach(() => {
  scene = new NamespaceScene();
  scene.add('blue', { entries: 3 }, BLUE);
  log = new RecordingLog();
  calls = [];
  const jobs = {
    set: (id: string, _: unknown, { config, place }: Settings) => {
      calls.push(`set ${id} as ${place?.instance}${config.modules.flows.enabled === false ? '' : ' with all'}`);
      return true;
    },
    remove: (id: string) => void calls.push(`remove ${id}`),
  };
  const enter = (namespace: Namespace) => scene.enter(namespace);
  watched = new Watched({ jobs, enter, contextOf: () => contextOf({}), log });
});

describe('a watched network namespace', () => {
  it('is a job, which is set again only for other settings or labels', () => {
    const labelled = { ...BLUE, labels: { netns: 'blue', pod: 'p-17' } };
    for (const namespace of [BLUE, { ...BLUE }, labelled, labelled]) watched.set(AT, namespace, SETTINGS, false);
    expect(calls).toEqual(['set netns blue as netns_blue', 'set netns blue as netns_blue']);
    watched.use({ ...SETTINGS, every: 5 });
    expect(calls).toHaveLength(3);
    expect([scene.entered.get('blue'), watched.names, watched.has('blue')]).toEqual([1, ['blue'], true]);
  });

  it('is entered again when it is included, to collect with all modules', () => {
    watched.set(AT, BLUE, SETTINGS, false);
    watched.set(AT, BLUE, SETTINGS, true);
    expect(calls.slice(1)).toEqual(['remove netns blue', 'set netns blue as netns_blue with all']);
    expect([scene.entered.get('blue'), scene.open]).toEqual([2, 1]);
  });

  it('is replaced by a later one of its name, which continues the same charts', () => {
    watched.set(AT, BLUE, SETTINGS, false);
    const later = boundNamespace('blue', 2);
    scene.add('blue', { entries: 5 }, later);
    expect(watched.glance(later)).toBeUndefined();
    watched.set(AT, later, SETTINGS, false);
    expect(calls.slice(1)).toEqual(['remove netns blue', 'set netns blue as netns_blue']);
    expect(scene.open).toBe(1);
  });

  it('is looked at through the entrance of its job, which stays open', () => {
    watched.set(AT, BLUE, SETTINGS, false);
    const glance = watched.glance(BLUE);
    expect(scene.volume.readFileSync(glance?.open('stat/nf_conntrack') ?? 0, 'utf8')).toContain('entries');
    glance?.close();
    expect([scene.entered.get('blue'), scene.open]).toEqual([1, 1]);
  });

  it.each([
    ['at once if it is included', true, 0],
    ['after a reading has failed otherwise', false, 1],
  ])('that is gone is dropped %s', (_, isIncluded, readings) => {
    watched.set(AT, BLUE, SETTINGS, isIncluded);
    const glance = watched.glance(BLUE);
    scene.destroy('blue');
    for (let reading = 0; reading < readings; reading++) {
      expect(watched.verify(AT)).toBe(false);
      expect(() => glance?.open('stat/nf_conntrack')).toThrow('gone');
    }
    expect(watched.verify(AT)).toBe(true);
    expect([calls.at(-1), scene.open, watched.names]).toEqual(['remove netns blue', 0, []]);
    expect(log.entries.at(-1)).toMatchObject({
      message: 'no longer watching a network namespace',
      fields: { netns: 'blue', why: 'the network namespace is gone' },
    });
  });

  it('is logged with how it is read, and with why it is dropped', () => {
    watched.set(AT, BLUE, SETTINGS, false);
    watched.remove(AT, 'blue');
    watched.remove(AT, 'never');
    expect(log.entries.map(({ fields }) => fields)).toEqual([
      { netns: 'blue', via: 'the gate of blue' },
      { netns: 'blue', why: 'it is idle, left out or no longer found' },
    ]);
    expect(scene.open).toBe(0);
  });

  it('is not watched if there is no way into it: the next search shows why', () => {
    scene.problems.set('blue', 'namespace_hidden');
    watched.set(AT, BLUE, SETTINGS, false);
    expect([calls, watched.names, log.lines]).toEqual([[], [], []]);
  });

  it('is dropped with all others', () => {
    const red = boundNamespace('red');
    scene.add('red', {}, red);
    for (const namespace of [BLUE, red]) watched.set(AT, namespace, SETTINGS, true);
    watched.close();
    expect([scene.open, calls.slice(2)]).toEqual([0, ['remove netns blue', 'remove netns red']]);
  });
});
