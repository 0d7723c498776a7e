/** The built program and real agents watch real network namespaces. */

import { existsSync } from 'node:fs';
import { afterEach, describe, expect, inject, it } from 'vitest';

import { Agent } from '../helpers/agent.ts';
import { Agent2 } from '../helpers/agent2.ts';
import { run } from '../helpers/conntrack.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import { addNamespace, deleteNamespace, Holder, pathOf, track } from '../helpers/namespaces.ts';
import { Program } from '../helpers/program.ts';
import type { RunningAgent } from '../helpers/running_agent.ts';
import { eventsOf, lastValues } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const PREFIX = `nsjobs${process.pid}`;
/** Only the statistics of the host. */
const QUIET = 'modules: { events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no } }\n';
const LONG = 100;
/** Milliseconds for a test of several steps on a busy machine. */
const PATIENT = 300_000;

/** Replies to packets that were not tracked are invalid. */
const UNTRACKED = `table inet untracked {
  chain output { type filter hook output priority raw; tcp flags & (syn|ack|rst) == syn notrack; }
}
`;
/** Connects to ports without a listener. */
const REFUSED = 'for port in 1 2 3 4 5 6 7; do (echo >/dev/tcp/127.0.0.1/$port) 2>/dev/null; done; true';

const ENDS: (() => unknown)[] = [];
let names = 0;

afterEach(async () => {
  for (const end of ENDS.splice(0).reverse()) await end();
});

function add(name = `${PREFIX}-${names++}`): string {
  addNamespace(name);
  ENDS.push(() => existsSync(pathOf(name)) && deleteNamespace(name));
  return name;
}

const inside = (name: string): readonly string[] => ['ip', 'netns', 'exec', name];

function start(namespaces: string, modules = QUIET): Program {
  const program = new Program(['1'], {}, { config: `namespaces: { ${namespaces} }\n${modules}` });
  ENDS.push(() => program.stop());
  return program;
}

/** Entries as charted; `undefined` without a chart. */
const entries = (program: Program, name: string): number | undefined =>
  lastValues(program.stream, `conntrack.sockets_netns_${name}`)?.['connections'];

const countIn = (name: string): number => Number(run([...inside(name), 'conntrack', '-C']));

/** The sum over all CPUs of a counter, as `conntrack -S` shows it. */
const counterIn = (name: string, counter: string): number =>
  [...run([...inside(name), 'conntrack', '-S']).matchAll(new RegExp(`\\b${counter}=(\\d+)`, 'g'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );

const hasLink = (name: string): boolean => existsSync(`/sys/class/net/${name}`);

describe.skipIf(inject('missing').kernel !== undefined)('the program', () => {
  it('charts what conntrack shows inside: of a namespace with a path, and of one with only a process', async () => {
    const name = add();
    track(inside(name), 13);
    const holder = await Holder.start(['unshare', '--net']);
    ENDS.push(() => holder.stop());
    track(['nsenter', `--target=${holder.pid}`, '--net'], 1237);
    const program = start('enabled: auto, max: 1000');
    await until('both are charted', LONG, () => {
      const { definitions } = program.stream;
      const counts = Object.keys(definitions)
        .filter((id) => id.startsWith('conntrack.sockets_netns_'))
        .map((id) => lastValues(program.stream, id)?.['connections']);
      return entries(program, name) === 13 && counts.includes(1237);
    });
    expect(countIn(name)).toBe(13);
    expect(program.stream.definitions[`conntrack.utilization_netns_${name}`]).toMatchObject({
      context: 'netfilter.conntrack_utilization',
      labels: { netns: name },
    });

    const rates = `conntrack.new_netns_${name}`;
    await until('its rates are charted', LONG, () => lastValues(program.stream, rates) !== undefined);
    const before = counterIn(name, 'invalid');
    run([...inside(name), 'nft', '-f', '-'], UNTRACKED);
    run([...inside(name), 'ip', 'link', 'set', 'lo', 'up']);
    run([...inside(name), 'bash', '-c', REFUSED]);
    const invalid = counterIn(name, 'invalid') - before;
    expect(invalid).toBeGreaterThanOrEqual(7);
    await until('the replies are charted', LONG, () => eventsOf(program.ticks, rates, 'invalid') === invalid);
  });

  it('leaves out idle and excluded ones, and watches an idle one that is included, with its sockets, events and flows', async () => {
    const [idle, excluded, included] = [add(), add(), add()];
    track(inside(excluded), 3);
    const program = start(`include: [${included}], exclude: ["*${excluded}"], max: 1000`, '');
    const chart = (id: string): boolean => Object.hasOwn(program.stream.definitions, `conntrack.${id}`);
    await until('all modules of the included one have charts', LONG, () =>
      ['sockets_netns_', 'new_by_protocol_netns_', 'flows_by_protocol_netns_'].every((id) => chart(`${id}${included}`)),
    );
    await until('its sockets are charted', LONG, () => chart(`socket_states_netns_${included}_tcp`));
    await until('the others are counted', LONG, () => {
      const { idle: idles = 0, left_out: leftOut = 0 } = lastValues(program.stream, 'conntrack.namespaces') ?? {};
      return idles >= 1 && leftOut >= 1;
    });
    expect([idle, excluded].filter((name) => chart(`sockets_netns_${name}`))).toEqual([]);

    track(inside(included), 29);
    await until('its entries are dumped', LONG, () => {
      const { udp } = lastValues(program.stream, `conntrack.flows_by_protocol_netns_${included}`) ?? {};
      return udp === 29;
    });
    const own = lastValues(program.stream, 'conntrack.flows_by_protocol');
    expect(own?.['udp']).not.toBe(29);
  });

  it(
    'finds one that appears, lets it go with its devices, and continues its charts when it returns',
    async () => {
      const program = start('enabled: auto, max: 1000');
      await program.printed('BEGIN conntrack.sockets ');
      const name = `${PREFIX}-${names++}`;
      const link = `v${process.pid}`;
      addNamespace(name);
      ENDS.push(() => existsSync(pathOf(name)) && deleteNamespace(name));
      track(inside(name), 5);
      run(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'inner', 'netns', name]);
      await until('it is charted', LONG, () => entries(program, name) === 5);

      deleteNamespace(name);
      await until('its devices are gone', LONG, () => !hasLink(link));

      addNamespace(name);
      track(inside(name), 7);
      await until('it is charted again', LONG, () => entries(program, name) === 7);
      const defined = program.out.match(new RegExp(`^CHART conntrack\\.sockets_netns_${name} .*$`, 'gm'));
      expect(defined).toHaveLength(1);
    },
    PATIENT,
  );

  it('applies another configuration', async () => {
    const name = add();
    track(inside(name), 11);
    const program = start('enabled: no');
    await program.printed('BEGIN conntrack.sockets ');
    expect(entries(program, name)).toBeUndefined();
    program.configure(`namespaces: { include: [${name}] }\n${QUIET}`);
    program.child.kill('SIGHUP');
    await until('it is charted', LONG, () => entries(program, name) === 11);
  });
});

describe.each([
  ['1.37', 'agent', Agent],
  ['2.x', 'agent2', Agent2],
] as const)('a Netdata %s agent', (_version, requirement, Kind) => {
  it.skipIf(inject('missing')[requirement] !== undefined)(
    'shows charts of a namespace with its labels, and has its alert',
    async () => {
      const laboratory = Laboratory.create();
      ENDS.push(() => laboratory.close());
      const name = laboratory.namespace('client');
      laboratory.start('client', ['sleep', '600']);
      track(laboratory.via('client'), 23);
      const config = `namespaces: { include: [${name}], max: 0 }\n${QUIET}`;
      const agent: RunningAgent = await Kind.start(laboratory, { config });
      ENDS.push(() => agent.close());
      const chart = `conntrack.utilization_netns_${name}`;
      await until('the chart is listed with its label', LONG, async () => {
        const listed = (await agent.charts('conntrack.plugin'))[chart];
        return listed?.chart_labels?.['netns'] === name && listed.context === 'netfilter.conntrack_utilization';
      });
      const sockets = `conntrack.sockets_netns_${name}`;
      await until('23 entries', LONG, async () => (await agent.latest(sockets, 'connections')) === 23);
      await until('its alert and that of the host are attached', LONG, async () => {
        expect(Object.keys(await agent.alarms(chart))).toEqual(['conntrack_namespace_full']);
        expect(Object.keys(await agent.alarms('conntrack.utilization'))).toEqual(['conntrack_full']);
        return true;
      });
    },
  );
});
