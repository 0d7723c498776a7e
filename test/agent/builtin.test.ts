import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { type Builtin, chooseContexts, inContexts, readBuiltin } from '../../collector/agent/builtin.ts';
import { Emitter } from '../../collector/agent/emit.ts';
import type { ConfigFileSystem } from '../../collector/config/load.ts';
import { parseConfig } from '../../collector/config/parse.ts';

const DIRECTORY = '/opt/agent/etc';
const FILE = `${DIRECTORY}/netdata.conf`;

/** A file system whose `netdata.conf` cannot be read. */
const refusing = (code: string) => ({
  readFileSync: (): string => {
    throw Object.assign(new Error(code), { code });
  },
});

/** A file system with these files. */
const files = (texts: Readonly<Record<string, string>>): ConfigFileSystem => {
  const volume = Volume.fromJSON(texts);
  return { readFileSync: (path, encoding) => String(volume.readFileSync(path, encoding)) };
};

const reading = (text: string): Builtin => readBuiltin(files({ [FILE]: text }), DIRECTORY);

/** The configuration's `contexts`. */
const asked = (text: string) => parseConfig('conntrack.conf', text).contexts;

/** The six charts that the built-in collector draws too, by id. */
const SHARED = ['sockets', 'new', 'changes', 'errors', 'search', 'expect'];

describe('the built-in collector', () => {
  it.each([
    ['[plugin:proc]\n\t/proc/net/stat/conntrack = no\n', 'off'],
    ['[plugins]\n    proc = off\n', 'off'],
    ['[plugins]\nproc = no\n[plugin:proc]\n/proc/net/stat/conntrack = yes\n', 'off'],
    ['[plugins]\nproc = yes\n[plugin:proc]\n/proc/net/stat/conntrack = on demand\n', 'on'],
    ['[plugin:proc]\n/proc/net/stat/conntrack = no\n/proc/net/stat/conntrack = yes\n', 'on'],
    ['[plugin:proc]\n/proc/net/stat/conntrack = yes\n[plugins]\n[plugin:proc]\n/proc/net/stat/conntrack = no\n', 'off'],
    ['[plugin:proc]\n#/proc/net/stat/conntrack = no\n', 'on'],
    ['[plugin:proc]\n/proc/net/stat/nf_conntrack = no\n', 'on'],
    ['[ plugin:proc ]\n/proc/net/stat/conntrack = no\n', 'on'],
    ['', 'on'],
  ])('with the netdata.conf %j is %s', (text, state) => {
    expect(reading(text)).toBe(state);
  });

  it('is on without a netdata.conf, as by default', () => {
    expect(readBuiltin(files({ [`${DIRECTORY}/stream.conf`]: '' }), DIRECTORY)).toBe('on');
    expect(readBuiltin(refusing('ENOENT'), DIRECTORY)).toBe('on');
  });

  it('is in an unknown state if netdata.conf cannot be read', () => {
    expect(readBuiltin(refusing('EACCES'), DIRECTORY)).toBe('unknown');
    expect(readBuiltin(refusing('EISDIR'), DIRECTORY)).toBe('unknown');
  });

  it('is in an unknown state if the configuration directory is unknown', () => {
    expect(readBuiltin(files({ '/netdata.conf': '[plugins]\nproc = no\n' }), undefined)).toBe('unknown');
  });
});

describe('the contexts', () => {
  it.each([
    ['off', 'netfilter'],
    ['on', 'conntrack'],
    ['unknown', 'conntrack'],
  ] as const)('with the built-in collector %s are %s', (state, contexts) => {
    expect(chooseContexts(asked(''), state)).toEqual({ contexts, reason: state });
    expect(chooseContexts(asked('contexts: auto'), state)).toEqual({ contexts, reason: state });
  });

  it.each(['on', 'off', 'unknown'] as const)('are those of conntrack.conf with the built-in collector %s', (state) => {
    expect(chooseContexts(asked('contexts: netfilter'), state)).toEqual({
      contexts: 'netfilter',
      reason: 'configured',
    });
    expect(chooseContexts(asked('contexts: conntrack'), state)).toEqual({
      contexts: 'conntrack',
      reason: 'configured',
    });
  });

  it('differ in nothing but the six charts that the built-in collector has too', () => {
    const [netfilter, conntrack] = (['netfilter', 'conntrack'] as const).map((contexts) =>
      inContexts(charts, { contexts, reason: 'configured' }),
    );
    expect(netfilter).toEqual(charts);
    const renamed = charts.map((chart) =>
      chart.scope === 'host' && SHARED.includes(chart.id) ? { ...chart, context: `conntrack.${chart.id}` } : chart,
    );
    expect(conntrack).toEqual(renamed);
    const contexts = charts.filter(({ id }) => SHARED.includes(id)).map(({ id, context }) => [id, context]);
    expect(contexts).toEqual(SHARED.map((id) => [id, `netfilter.conntrack_${id}`]));
  });

  it('have a priority on the dashboard', () => {
    const values = { connections: 5, utilization: 7, load: 9 };
    const samples = [{ scope: 'host', instance: '', labels: {}, values }] as const;
    const places = (['netfilter', 'conntrack'] as const).map((contexts) => {
      const chosen = inContexts(charts, { contexts, reason: 'configured' });
      const text = new Emitter({ charts: chosen, source: '' }).render(0, [{ module: 'stat', every: 1, samples }]);
      const lines = [...text.toString().matchAll(/^CHART (\S+) .* '(\S+)' (?:line|area) (\d+) /gm)];
      return lines.map(([, id, context, priority]) => ({ id, context, priority: Number(priority) }));
    });
    for (const [at, sockets] of ['netfilter.conntrack_sockets', 'conntrack.sockets'].entries()) {
      const inOrder = [...(places[at] ?? [])].sort((one, other) => one.priority - other.priority);
      expect(inOrder.map(({ context }) => context)).toEqual([
        'netfilter.conntrack_utilization',
        sockets,
        'netfilter.conntrack_buckets',
      ]);
    }
  });
});
