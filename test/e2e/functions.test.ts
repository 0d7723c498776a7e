/** Live answers over HTTP: through a real Netdata 2.x agent, and through a parent that it streams to. */

import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { FUNCTIONS } from '../../collector/functions/index.ts';
import { Agent2 } from '../helpers/agent2.ts';
import { establishedConnections } from '../helpers/conntrack.ts';
import { documentedColumns } from '../helpers/documented_columns.ts';
import { answerSchema } from '../helpers/function_answers.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import { Program } from '../helpers/program.ts';
import type { Place } from '../helpers/running_agent.ts';
import { until } from '../helpers/until.ts';

const KEY = '11111111-2222-3333-4444-555555555555';
const CHILD = 'conntrack-child';
/** Where the parent is: the client's address. */
const PARENT_ADDRESS = '10.77.1.2';
const NAMES = FUNCTIONS.map(({ name }) => `conntrack:${name}`);
/** The permissions that a caller needs, as the agent lists them. */
const ANYONE = ['anonymous-data'];
const MEMBERS = ['signed-in', 'same-space', 'sensitive-data'];

/** A value of each argument that has no choices. */
const EXAMPLES: Readonly<Record<string, string>> = {
  limit: '3',
  proto: 'tcp',
  state: 'ESTABLISHED',
  src: '10.88.0.0/16',
  dst: '10.99.0.1',
  sport: '1024',
  dport: '443',
  nat: 'none',
  zone: '0',
  'orig-zone': '0',
  'reply-zone': '0',
  mark: '0x0/0xff',
  status: 'SEEN_REPLY,ASSURED',
};

function configured(functions: string): string {
  return `functions: ${functions}\nmodules: { sockets: { enabled: no }, conntrackd: { enabled: no } }\n`;
}

/** The cells of a column, from the first row on. */
function cellsOf(body: Readonly<Record<string, unknown>>, column: string): readonly unknown[] {
  const { columns, data } = body as {
    columns: Record<string, { index: number } | undefined>;
    data: readonly (readonly unknown[])[];
  };
  return data.map((row) => row[columns[column]?.index ?? -1]);
}

function expectValid(body: unknown): void {
  if (answerSchema === undefined) throw new Error("Netdata's schema of answers is not beside the agent");
  answerSchema(body);
  expect(answerSchema.errors ?? []).toEqual([]);
}

describe.skipIf(inject('missing').agent2 !== undefined)('functions of a Netdata 2.x agent', () => {
  let laboratory: Laboratory;
  let agent: Agent2;
  let parent: Agent2;

  const configure = (functions: string): void => {
    const file = join(agent.folder, 'etc/conntrack.conf');
    writeFileSync(`${file}.new`, configured(functions));
    renameSync(`${file}.new`, file);
    const pid = agent.pluginPid;
    if (pid === undefined) throw new Error('the plugin does not run');
    process.kill(pid, 'SIGHUP');
  };

  beforeAll(async () => {
    laboratory = Laboratory.create();
    const inClient: Place = { start: (_node, ...rest) => laboratory.start('client', ...rest) };
    parent = await Agent2.start(inClient, {
      config: '',
      stream: `[${KEY}]\n    enabled = yes\n`,
      lines: ['[web]', 'bind to = *', '[plugins]', 'conntrack = no'],
    });
    agent = await Agent2.start(laboratory, {
      config: configured('{ access: anyone }'),
      stream: `[stream]\n    enabled = yes\n    destination = ${PARENT_ADDRESS}:19999\n    api key = ${KEY}\n`,
      lines: ['[global]', `hostname = ${CHILD}`],
    });
    const unanswered = Array.from(
      { length: 31 },
      (_, place) => `-A -t 600 -s 192.0.2.7 -d 198.51.100.9 -p tcp --sport ${2000 + place} --dport 25 --state SYN_SENT`,
    );
    laboratory.restore([...establishedConnections(217), ...unanswered]);
    await until('the functions are registered', 120, async () => {
      const offered = await agent.functions();
      return NAMES.every((name) => name in offered);
    });
  });

  afterAll(async () => {
    await agent?.close();
    await parent?.close();
    await laboratory?.close();
  });

  it('are offered to anyone if the operator wants it', async () => {
    const offered = await agent.functions();
    expect(NAMES.map((name) => offered[name])).toEqual(NAMES.map(() => ANYONE));
  });

  it.each(NAMES)('%s answers info and its table, both valid', async (name) => {
    const info = await agent.call(`${name} info after:-600 before:0`);
    expect(info).toMatchObject({ status: 200, body: { v: 3, status: 200, type: 'table' } });
    expectValid(info.body);
    const table = await agent.call(name);
    expect(table).toMatchObject({ status: 200, body: { status: 200, data: expect.any(Array) } });
    expectValid(table.body);
    const { columns } = table.body as { columns: Readonly<Record<string, { name: string }>> };
    const names = Object.values(columns).map((column) => column.name);
    expect(documentedColumns(name)).toEqual(expect.arrayContaining(names.filter((one) => one !== 'rowOptions')));
  });

  it('rank sources by their connections', async () => {
    const { body } = await agent.call('conntrack:top', { payload: { selections: { by: ['source'] }, limit: 2 } });
    expect(cellsOf(body, 'source')).toEqual(['10.88.0.1', '192.0.2.7']);
    expect(cellsOf(body, 'connections')).toEqual([217, 31]);
    expect(cellsOf(body, 'unreplied')).toEqual([0, 31]);
    expectValid(body);
  });

  it('list the connections that match', async () => {
    const { body } = await agent.call('conntrack:connections src:192.0.2.0/24 dport:25 limit:7');
    expect(cellsOf(body, 'destination')).toEqual(Array.from({ length: 7 }, () => '198.51.100.9'));
    expect(body['message']).toMatchObject({ description: expect.stringContaining('Showing 7 of 31') });
    expectValid(body);
  });

  it('answer validly with every argument and every choice', async () => {
    const calls = FUNCTIONS.flatMap(({ name, parameters }) =>
      parameters.flatMap(({ choices, isFlag, name: argument }) => {
        const given = isFlag === true ? [''] : (choices?.map(({ id }) => `:${id}`) ?? [`:${EXAMPLES[argument]}`]);
        return given.map((value) => `conntrack:${name} ${argument}${value}`);
      }),
    );
    expect(calls.length).toBeGreaterThan(40);
    const quick = calls.filter((call) => !call.startsWith('conntrack:stuck'));
    for (const call of quick) {
      const { body, status } = await agent.call(call);
      expect(status, `${call}: ${body['errorMessage']}`).toBe(200);
      expectValid(body);
    }
  });

  it('answer a bad argument with 400 and what is allowed', async () => {
    const { body, status } = await agent.call('conntrack:top by:mood');
    expect(status).toBe(400);
    expect(body['errorMessage']).toMatch(/^conntrack:top: by: found "mood", allowed: source, /);
    expectValid(body);
    const posted = await agent.call('conntrack:top', { payload: ['by'] });
    expect(posted).toMatchObject({
      status: 400,
      body: { errorMessage: expect.stringContaining('payload: found ["by"]') },
    });
  });

  it('answer many calls at once, each with its own answer', async () => {
    const limits = Array.from({ length: 8 }, (_, place) => place + 1);
    const replies = await Promise.all(limits.map((limit) => agent.call(`conntrack:connections limit:${limit}`)));
    expect(replies.map(({ body, status }) => (status === 200 ? cellsOf(body, 'source').length : status))).toEqual(
      limits,
    );
  });

  it('are called through a parent', async () => {
    await until('the parent knows the functions of its child', 120, async () => {
      return (await parent.call('conntrack:top info', { host: CHILD })).status === 200;
    });
    const { body, status } = await parent.call('conntrack:top by:source limit:1', { host: CHILD });
    expect(status).toBe(200);
    expect(cellsOf(body, 'connections')).toEqual([217]);
    const posted = await parent.call('conntrack:top', {
      host: CHILD,
      payload: { selections: { by: ['state'] }, limit: 2 },
    });
    expect(cellsOf(posted.body, 'state')).toEqual(['tcp ESTABLISHED', 'tcp SYN_SENT']);
  });

  it('are refused to an anonymous caller once they are for members, and are removed once they are turned off', async () => {
    configure('{ access: members }');
    await until('they are for members', 120, async () => {
      const offered = await agent.functions();
      return NAMES.every((name) => offered[name]?.join() === MEMBERS.join());
    });
    for (const name of NAMES) expect(await agent.call(name)).toMatchObject({ status: 412 });
    await until('the parent refuses, too', 120, async () => {
      return (await parent.call('conntrack:top', { host: CHILD })).status === 412;
    });
    configure('{ enabled: no }');
    await until('they are removed', 120, async () => !('conntrack:top' in (await agent.functions())));
    expect(agent.log.match(/level=error.*PD\[conntrack\]/g)).toBeNull();
    configure('{ access: anyone }');
    await until('they are back', 120, async () => (await agent.call('conntrack:top')).status === 200);
  });
});

describe.skipIf(inject('missing').kernel !== undefined)('a plugin without CAP_NET_ADMIN', () => {
  it('answers calls with what it lacks, and continues', async ({ expect }) => {
    const laboratory = Laboratory.create();
    const without = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
    const program = new Program(
      ['1'],
      {},
      { via: [...laboratory.via('router'), ...without], config: configured('{}') },
    );
    try {
      await program.printed('END\n');
      program.child.stdin.write('FUNCTION tx-7 10 "conntrack:top" "0xffff" "user=guest"\n');
      await program.printed('FUNCTION_RESULT_END\n');
      const [, body] =
        /FUNCTION_RESULT_BEGIN 'tx-7' 503 application\/json \d+\n(.*)\nFUNCTION_RESULT_END\n/.exec(program.out) ?? [];
      expect(JSON.parse(body ?? '{}')).toEqual({
        status: 503,
        errorMessage: 'ctnetlink: the plugin lacks CAP_NET_ADMIN; run conntrack.plugin check to see how to grant it',
      });
      await program.updated('conntrack.sockets', 2);
    } finally {
      await program.stop();
      await laboratory.close();
    }
  });
});
