/**
 * Records the replies of real conntrackd daemons, in every mode and on both nodes of a pair, into a folder:
 *
 *     npx esbuild test/helpers/record_conntrackd.ts --bundle --platform=node --format=esm --outfile=test/helpers/record.mjs
 *     node test/helpers/record.mjs fixtures/conntrackd [MODE...]
 *     rm test/helpers/record.mjs
 *
 * Needs root and the programs `conntrackd`, `conntrack`, `ip`, `nft` and `sysctl`. It uses namespaces
 * that are removed in the end. fixtures/README.md describes the steps.
 */

import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { REQUESTS as CODES, type Request } from '../../collector/modules/conntrackd/request.ts';
import { establishedConnections } from './conntrack.ts';
import { ConntrackdLaboratory } from './conntrackd_lab.ts';
import { CONNTRACKD_MODES, type ConntrackdMode, type ConntrackdNode } from './conntrackd_modes.ts';
import { BAD_MESSAGES } from './conntrackd_requests.ts';
import { until } from './until.ts';

const REQUESTS = Object.keys(CODES) as Request[];
/** Requests whose replies show a cut link. */
const REQUESTS_WHILE_CUT: readonly Request[] = ['ct', 'network', 'link', 'queue', 'rsqueue'];
const REQUESTS_WITH_CHANNEL: readonly Request[] = ['ct', 'network', 'link'];
/** A dump of a cache; a child process of the daemon writes it. */
const DUMP_INTERNAL = 16;

async function record(folder: string, mode: ConntrackdMode): Promise<void> {
  rmSync(join(folder, mode), { recursive: true, force: true });
  const laboratory = await ConntrackdLaboratory.create(mode);
  const write = (node: ConntrackdNode, name: string, text: string): void => {
    mkdirSync(join(folder, mode, node), { recursive: true });
    writeFileSync(join(folder, mode, node, `${name}.txt`), text, 'latin1');
  };
  const writeAnswers = async (requests: readonly Request[], suffix = ''): Promise<void> => {
    for (const node of laboratory.nodes) {
      for (const request of requests) write(node, `${request}${suffix}`, await laboratory.ask(node, request));
    }
  };
  try {
    await makeEntries(laboratory);
    if (mode === 'ftfw-udp') sendBadMessages(laboratory);
    if (laboratory.nodes.length > 1) {
      await loseMessages(laboratory);
      await cutLink(laboratory, () => writeAnswers(REQUESTS_WHILE_CUT, '_cut'));
    }
    // Acknowledgements and retransmissions.
    await sleep(3000);
    await writeAnswers(REQUESTS);
    if (mode === 'notrack-tcp') {
      await laboratory.stop('backup');
      await sleep(1500);
      for (const request of REQUESTS_WITH_CHANNEL)
        write('active', `${request}_alone`, await laboratory.ask('active', request));
    }
    if (mode === 'ftfw-two-links') await removeLinks((name, text) => write('active', name, text));
    if (mode === 'ftfw-udp') write('active', 'process_dump', await processesDuringDump(laboratory));
  } finally {
    await laboratory.close();
  }
}

/** Creates, updates and destroys entries, by packets and by `conntrack`; all numbers differ. */
async function makeEntries(laboratory: ConntrackdLaboratory): Promise<void> {
  const active = (...command: string[]): string => laboratory.run('active', ['conntrack', ...command]);
  laboratory.restore('active', establishedConnections(60, 1000));
  if (laboratory.nodes.includes('backup')) laboratory.restore('backup', establishedConnections(3, 50_000));
  await laboratory.traffic('active', 7, 3);
  await sleep(1500);
  for (let port = 1000; port < 1029; port++) active('-U', ...tuple(port), '-m', '7');
  await sleep(500);
  active('-D', '-p', 'udp', '--dport', '7000');
  for (let port = 1040; port < 1051; port++) active('-D', ...tuple(port));
  if ('options' in CONNTRACKD_MODES[laboratory.mode]) {
    await laboratory.expectations('active', 5);
    await sleep(1500);
    // Its expectation ends with the connection.
    const [, port = ''] = /master-\S+ master-\S+ sport=(\d+)/.exec(active('-L', 'expect')) ?? [];
    active('-D', '-p', 'tcp', '--sport', port);
  }
  await sleep(1500);
}

/** Which of the established connections. */
function tuple(port: number): string[] {
  return ['-s', '10.88.0.1', '-d', '10.99.0.1', '-p', 'tcp', '--sport', `${port}`, '--dport', '443'];
}

function sendBadMessages(laboratory: ConntrackdLaboratory): void {
  const { badSize, before, truncated, wrongVersion } = BAD_MESSAGES;
  const bad = [truncated, wrongVersion, wrongVersion, badSize, badSize, badSize, badSize, before, before, before];
  laboratory.send('backup', bad);
}

async function loseMessages(laboratory: ConntrackdLaboratory): Promise<void> {
  laboratory.lose('backup');
  laboratory.restore('active', establishedConnections(17, 2000));
  await sleep(1500);
  laboratory.loseNothing('backup');
  laboratory.restore('active', establishedConnections(5, 3000));
  await sleep(3000);
}

async function cutLink(laboratory: ConntrackdLaboratory, whileCut: () => Promise<void>): Promise<void> {
  laboratory.cut();
  await sleep(500);
  laboratory.restore('active', establishedConnections(23, 4000));
  await sleep(500);
  await whileCut();
  laboratory.repair();
  await until('the link is back', 10, async () => {
    const answers = await Promise.all(laboratory.nodes.map((node) => laboratory.ask(node, 'link')));
    return answers.every((answer) => !/DOWN|NO-CARRIER/.test(answer));
  });
  laboratory.restore('active', establishedConnections(2, 6000));
  await sleep(3000);
}

/** Replies about links with removed interfaces, from which a daemon does not recover. */
async function removeLinks(write: (name: string, text: string) => void): Promise<void> {
  for (const [first, name] of ['first', 'second'].entries()) {
    const laboratory = await ConntrackdLaboratory.create('ftfw-two-links');
    try {
      for (const suffix of [`${name}_removed`, 'both_removed']) {
        laboratory.remove(suffix === 'both_removed' ? 1 - first : first);
        await sleep(1500);
        for (const request of REQUESTS_WITH_CHANNEL) {
          write(`${request}_${suffix}`, await laboratory.ask('active', request));
        }
      }
    } finally {
      await laboratory.close();
    }
  }
}

/** The child process that writes a dump waits for its reader. */
async function processesDuringDump(laboratory: ConntrackdLaboratory): Promise<string> {
  laboratory.restore('active', establishedConnections(5000, 10_000));
  await sleep(1000);
  const reader = connect(laboratory.socket('active'));
  reader.pause();
  const request = Buffer.alloc(4);
  request.writeInt32LE(DUMP_INTERNAL);
  reader.write(request);
  await once(reader, 'connect');
  await sleep(500);
  const answer = await laboratory.ask('active', 'process');
  reader.destroy();
  return answer;
}

async function main([folder = '', ...chosen]: readonly string[]): Promise<void> {
  const modes = Object.keys(CONNTRACKD_MODES) as ConntrackdMode[];
  for (const mode of modes.filter((name) => chosen.length === 0 || chosen.includes(name))) await record(folder, mode);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
