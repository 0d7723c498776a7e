/**
 * Makes the pictures of the documentation, except the one that a test makes: the screen of `show`, and the dashboard's
 * charts of sockets and conntrackd, on the active node of a real pair of firewalls in trouble.
 *
 *     npm run build
 *     npx esbuild test/helpers/record_pictures.ts --bundle --platform=node --format=esm --packages=external \
 *       --outfile=test/helpers/record.mjs
 *     node test/helpers/record.mjs docs
 *     rm test/helpers/record.mjs
 *
 * Needs root and the programs `conntrackd`, `conntrack`, `ip`, `nft`, `netdata`, `tmux`, `unshare` and `chromium`.
 * It uses namespaces that are removed in the end; `nf_conntrack_max`, which all of them share, is restored.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { Agent } from './agent.ts';
import { establishedConnections, run } from './conntrack.ts';
import { ConntrackdLaboratory } from './conntrackd_lab.ts';
import { launchBrowser } from './dashboard.ts';
import { addNamespace, deleteNamespace, track } from './namespaces.ts';
import { AGENT_URL } from './running_agent.ts';
import { SocketHolder } from './sockets.ts';
import { Tmux } from './tmux.ts';

const MAX = '/proc/sys/net/netfilter/nf_conntrack_max';
/** The period that the charts of the dashboard show. */
const SHOWN_SECONDS = 60;
const [COLUMNS, ROWS] = [100, 42];

/** Network namespaces beside that of the active node, and the entries in their tables. */
const NEIGHBOURS = { customers: 18_430, office: 5210, voip: 640 } as const;
/** Ports that source NAT may use, four fifths of which are in use. */
const POOL = '{ addresses: 203.0.113.7, ports: 1024-3023 }';

/** The pictures of the dashboard: the first chart of a section, the last one shown, and the height of that one. */
const SECTIONS = {
  sockets: ['socket_states_tcp', 'socket_states_udp'],
  conntrackd: ['conntrackd_state_active', 'conntrackd_messages_active'],
  link_cut: ['conntrackd_link_status_active_sync0', 'conntrackd_link_status_active_sync1'],
} as const;
/** The column of the page with the charts, and the heading of a section above its first chart. */
const [LEFT, WIDTH, HEADING] = [65, 940, 80];

/** The first eight colours of a terminal, then the bright ones. */
const COLOURS =
  '#2e3436 #cc0000 #4e9a06 #c4a000 #3465a4 #75507b #06989a #d3d7cf #666a66 #ef2929 #8ae234 #fce94f #729fcf #ad7fa8 #34e2e2 #eeeeec'.split(
    ' ',
  );

/** A sequence that selects colour or weight. */
const RENDITION = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`, 'g');

/** Entries of every kind, with a timeout of an hour. */
function connections(): string[] {
  const others = (count: number, rest: (port: number) => string): string[] =>
    Array.from(
      { length: count },
      (_, place) => `-A -t 3600 -s 10.77.0.${place % 200} -d 10.99.0.2 ${rest(1024 + place)}`,
    );
  return [
    ...establishedConnections(5900),
    ...others(1700, (port) => `-p tcp --sport ${port} --dport 80 --state TIME_WAIT -u SEEN_REPLY,ASSURED`),
    ...others(500, (port) => `-p tcp --sport ${port} --dport 25 --state SYN_SENT`),
    ...others(720, (port) => `-p udp --sport ${port} --dport 53 -u SEEN_REPLY`),
    ...others(300, (port) => `-p udp --sport ${port} --dport 514`),
    ...others(1680, (port) => `-p udp --sport ${port} --dport 123 -u SEEN_REPLY --src-nat 203.0.113.7`),
  ];
}

async function minuteOfTrouble(laboratory: ConntrackdLaboratory, sockets: SocketHolder): Promise<void> {
  const began = Date.now();
  for (let second = 0; second < SHOWN_SECONDS; second++) {
    await trouble(laboratory, sockets, second);
    await sleep(Math.max(0, began + (second + 1) * 1000 - Date.now()));
  }
}

/** Traffic of one second on the active node. */
async function trouble(laboratory: ConntrackdLaboratory, sockets: SocketHolder, second: number): Promise<void> {
  laboratory.restore('active', establishedConnections(30 + (second % 4) * 15, 20_000 + second * 100));
  if (second % 3 === 0) {
    await sockets.do('connect', `leaked${second}`, '127.0.0.1', 7400, 6);
    await sockets.do('end', `leaked${second}`);
    await sockets.do('connect', 'clients', '::1', 7401, 4 + (second % 4));
    await sockets.do('bind', 'queries', 'udp4', '127.0.0.1', 1 + (second % 4), '127.0.0.1', 53);
  }
  // Messages of the backup node are lost for a while, which later messages show.
  if (second === 22) laboratory.lose('active');
  if (second > 22 && second < 30) laboratory.restore('backup', establishedConnections(12, 52_000 + second * 20));
  if (second === 26) laboratory.loseNothing('active');
  if (second === 36) laboratory.cut(1);
}

/** The captured screen as a page. */
function html(captured: string): string {
  let style = '';
  const text = captured
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(RENDITION, (_, codes: string) => {
      style = codes.split(';').reduce((before, code) => styled(before, Number(code)), style);
      return `</span><span style="${style}">`;
    });
  return `<body style="margin:0;background:#1c1f20"><pre id="screen" style="display:inline-block;margin:0;padding:16px;color:#d3d7cf;background:#1c1f20;font:14px/17px 'DejaVu Sans Mono',monospace"><span>${text.trimEnd()}</span></pre></body>`;
}

function styled(before: string, code: number): string {
  if (code === 0) return '';
  if (code === 1) return `${before}font-weight:bold;`;
  if (code === 2) return `${before}opacity:.6;`;
  if (code >= 30 && code <= 37) return `${before}color:${COLOURS[code - 30]};`;
  if (code >= 90 && code <= 97) return `${before}color:${COLOURS[code - 82]};`;
  return code === 39 ? `${before}color:inherit;` : before;
}

async function drawScreen(browser: Browser, captured: string, path: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  // Without the suffix of the kernel's release.
  await page.setContent(
    html(
      captured.replace(
        /(Linux \d+\.\d+\.\d+)(-[\w.-]+)/,
        (_, release: string, rest: string) => release + ' '.repeat(rest.length),
      ),
    ),
  );
  await page.locator('#screen').screenshot({ path });
}

async function drawSections(browser: Browser, folder: string, before: number): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 12_000 } });
  const hash = `menu_conntrack;after=${before - SHOWN_SECONDS * 1000};before=${before};theme=white`;
  await page.goto(`${AGENT_URL}/#${hash}`, { waitUntil: 'domcontentloaded' });
  for (const ids of Object.values(SECTIONS)) for (const id of ids) await rendered(page, id);
  for (const [name, [first, last]] of Object.entries(SECTIONS)) {
    await page.locator(chart(first)).scrollIntoViewIfNeeded();
    // A moment lets the lines grow.
    await sleep(4000);
    const y = (await boxOf(page, first)).y - HEADING;
    const end = await boxOf(page, last);
    await page.screenshot({
      path: join(folder, `${name}.png`),
      clip: { x: LEFT, y, width: WIDTH, height: end.y + end.height - y },
    });
  }
}

const chart = (id: string): string => `[data-netdata="conntrack.${id}"]`;

async function rendered(page: Page, id: string): Promise<void> {
  await page.locator(chart(id)).scrollIntoViewIfNeeded();
  await page.locator(chart(id)).locator('canvas').first().waitFor({ timeout: 60_000 });
}

/** The position of a chart in the window, which is higher than any section. */
async function boxOf(page: Page, id: string): Promise<{ readonly y: number; readonly height: number }> {
  const box = await page.locator(chart(id)).boundingBox();
  if (box === null) throw new Error(`${id} is not shown`);
  return box;
}

async function record(folder: string): Promise<void> {
  const max = readFileSync(MAX, 'utf8');
  const laboratory = await ConntrackdLaboratory.create('ftfw-two-links');
  const children: ChildProcess[] = [];
  const added: string[] = [];
  const place = {
    start(_: unknown, command: readonly string[], environment = {}, input: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
      const [program = '', ...words] = [...laboratory.via('active'), ...command];
      const child = spawn(program, words, { stdio: [input, 'pipe', 'pipe'], env: { ...process.env, ...environment } });
      children.push(child);
      return child;
    },
  };
  let agent: Agent | undefined;
  let browser: Browser | undefined;
  try {
    writeFileSync(MAX, '20000');
    const socket = laboratory.socket('active');
    laboratory.run('active', ['chgrp', 'netdata', socket]);
    laboratory.run('active', ['chmod', '0660', socket]);
    const config = `modules: { flows: { update_every: 2, cpu_share: 20, full_above: 100, snat_pools: [${POOL}] }, sockets: { update_every: 1 }, conntrackd: { sockets: [${socket}], update_every: 1 } }\n`;
    const file = join(laboratory.folder, 'conntrack.yaml');
    // The other namespaces of the machine differ from time to time.
    writeFileSync(file, `${config}namespaces: { include: [${Object.keys(NEIGHBOURS).join(', ')}], max: 0 }\n`);
    for (const [name, entries] of Object.entries(NEIGHBOURS)) {
      addNamespace(name);
      added.push(name);
      run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
      track(['ip', 'netns', 'exec', name], entries);
    }
    laboratory.restore('active', connections());
    laboratory.restore('backup', establishedConnections(57, 50_000));
    const sockets = new SocketHolder(place, 'router', 240);
    for (const [address, port] of [
      ['127.0.0.1', 7400],
      ['::1', 7401],
    ] as const) {
      await sockets.do('listen', 'servers', address, port);
      await sockets.do('connect', 'clients', address, port, 90);
    }
    await sockets.do('serve', '127.0.0.1', 7402);
    await sockets.do('bind', 'peers', 'udp6', '::1', 12);
    // Connections that are never answered: new ones, and some that are refreshed again and again.
    const traffic = `${process.execPath} ${resolve('test/helpers/traffic.js')}`;
    for (const command of [
      `${traffic} udp-flows 127.0.0.1 7001 60 200`,
      `${traffic} udp-talk 127.0.0.1 7002 26 400 200`,
      `ip netns exec voip ${traffic} udp-flows 127.0.0.1 7001 12 200`,
    ]) {
      place.start('router', command.split(' ')).stdout?.resume();
    }
    agent = await Agent.start(place, { config });
    const environment = ['env', '-i', `PATH=${process.env['PATH']}`, 'TERM=screen-256color', 'LANG=C.UTF-8'];
    const show = `hostname router && exec ${process.execPath} ${resolve('dist/conntrack.plugin')} show --config ${file}`;
    const named = ['unshare', '--uts', 'sh', '-c', show];
    const tmux = new Tmux(COLUMNS, ROWS, [...laboratory.via('active'), ...environment, ...named]);
    await sleep(15_000);
    await Promise.all([sockets.do('visit', '127.0.0.1', 7402, 800, 40, 40), minuteOfTrouble(laboratory, sockets)]);
    const captured = tmux.coloured;
    tmux.close();
    const ended = Date.now();

    browser = await launchBrowser(laboratory.namespace('active'), laboratory.folder);
    await drawScreen(browser, captured, join(folder, 'show.png'));
    await drawSections(browser, folder, ended);
  } finally {
    writeFileSync(MAX, max);
    await browser?.close();
    await agent?.close();
    for (const child of children) child.kill('SIGKILL');
    for (const name of added) deleteNamespace(name);
    await laboratory.close();
  }
}

await record(process.argv[2] ?? 'docs');
