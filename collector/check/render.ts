/** The report as text for a terminal of 80 columns, readable without colours and without symbols. */

import { inPercent, inWhole } from '../base/numbers.ts';
import { escaped, wrap } from '../base/text.ts';
import type {
  AgentSection,
  BuiltinSection,
  Finding,
  KernelSection,
  ModuleSection,
  Remedy,
  Report,
  Section,
} from './report.ts';
import { foldCommand } from './shell.ts';

const WIDTH = 80;
const LABEL = 15;
/** Column at which the text of a section begins. */
const TEXT = 8 + LABEL;
const FINDING = 8;
const REMEDY = 10;
const LINES = 12;

const RED = 31;
const GREEN = 32;
const YELLOW = 33;

type Mark = 'ok' | 'FAIL' | 'off' | 'none' | 'skip';

const SIGNS: Readonly<Record<Mark, string>> = { ok: '✓', FAIL: '✗', off: '–', none: '–', skip: '?' };
const ASCII_SIGNS: Readonly<Record<Mark, string>> = { ok: '+', FAIL: 'x', off: '-', none: '-', skip: '?' };
const COLOURS: Readonly<Partial<Record<Mark, number>>> = { ok: GREEN, FAIL: RED };

/** What decides on the plugin's contexts. */
const CONTEXT_REASONS = {
  on: 'netdata.conf leaves them on',
  off: 'netdata.conf turns them off',
  unknown: 'netdata.conf cannot be read',
  configured: 'set in conntrack.conf',
} as const;

/** A section as it is printed: a mark, a label, lines of facts, and findings. */
interface Block {
  readonly mark: Mark;
  readonly label: string;
  readonly facts: readonly string[];
  readonly findings: readonly Finding[];
}

/** Abilities of the terminal. */
export interface Style {
  readonly hasColour: boolean;
  readonly isUnicode: boolean;
}

/** How to print, and the remedies printed so far. */
interface Pen {
  readonly signs: Readonly<Record<Mark, string>>;
  readonly paint: (text: string, colour: number | undefined) => string;
  readonly printed: Set<string>;
}

export function render(report: Report, { hasColour, isUnicode }: Style): string {
  const pen: Pen = {
    signs: isUnicode ? SIGNS : ASCII_SIGNS,
    paint: (text, colour) => (hasColour && colour !== undefined ? `\u001b[${colour}m${text}\u001b[0m` : text),
    printed: new Set(),
  };
  const { program, version } = report;
  const title = escaped(`conntrack.plugin ${version}, checked as ${program.user}`);
  const blocks = blocksOf(report);
  const body = blocks.flatMap((block) => renderBlock(block, pen));
  return [title, '', ...body, '', verdict(blocks, pen), ''].join('\n');
}

function blocksOf(report: Report): Block[] {
  const { agent, builtin, configuration, kernel, modules, privilege, program } = report;
  return [
    block('program', program, [program.path]),
    block('kernel', kernel, kernelFacts(kernel), kernel.tracking ? 'ok' : 'none'),
    block('agent', agent, agentFacts(agent), agent.state === 'running' ? 'ok' : 'none'),
    ...(privilege.needed_by.length === 0 && privilege.findings.length === 0
      ? []
      : [block('privilege', privilege, [`CAP_NET_ADMIN, for ${privilege.needed_by.join(', ') || 'no module'}`])]),
    block('configuration', configuration, [configuration.file ?? 'no configuration file, using defaults']),
    ...modules.map((module) => moduleBlock(module)),
    ...builtinBlock(builtin),
  ];
}

/** @param otherwise the mark of a section without faults. */
function block(label: string, { findings }: Section, facts: readonly string[], otherwise: Mark = 'ok'): Block {
  const isFaulty = findings.some(({ severity }) => severity === 'fault');
  return { mark: isFaulty ? 'FAIL' : otherwise, label: escaped(label), facts: facts.map(escaped), findings };
}

function moduleBlock(module: ModuleSection): Block {
  const { findings, name, reads, state } = module;
  if (state === 'unknown') return block(name, module, [reads.join(' ')], 'skip');
  if (state === 'works' || state === 'fails') return block(name, module, [reads.join(' ')]);
  // One line says why there is nothing to show.
  const where = reads.length === 0 ? '' : ` (${reads.join(' ')})`;
  const facts = findings.map(({ text }) => `${text}${where}`);
  return block(name, { findings: [] }, facts, state === 'off' ? 'off' : 'none');
}

function kernelFacts({ acct, buckets, entries, events, max, release, tracking }: KernelSection): string[] {
  const table = [
    ...(entries === undefined ? [] : [use(entries, max)]),
    ...(buckets === undefined ? [] : [`${inWhole(buckets)} buckets`]),
  ];
  const settings = [
    ...(events === undefined ? [] : [`nf_conntrack_events ${events}`]),
    ...(acct === undefined ? [] : [`nf_conntrack_acct ${acct}`]),
  ];
  return [
    `Linux ${release}, connection tracking ${tracking ? 'loaded' : 'not loaded'}`,
    table.join(', '),
    settings.join(', '),
  ];
}

function agentFacts(agent: AgentSection): string[] {
  const { plugin_directory, user_config_directory } = agent;
  return [
    life(agent),
    pluginLife(agent),
    plugin_directory === undefined ? '' : `plugins in ${plugin_directory}`,
    user_config_directory === undefined ? '' : `configured in ${user_config_directory}`,
  ];
}

function builtinBlock(builtin: BuiltinSection): Block[] {
  const { charts, contexts, contexts_reason } = builtin;
  if (contexts === undefined || contexts_reason === undefined) return [];
  const state = charts === undefined ? 'unknown' : charts ? 'on' : 'off';
  const names = contexts === 'netfilter' ? 'netfilter.conntrack_*' : 'conntrack.*';
  const facts = [state, `contexts ${names}: ${CONTEXT_REASONS[contexts_reason]}`];
  return [block('built-in charts', builtin, facts, charts === undefined ? 'none' : charts ? 'ok' : 'off')];
}

function life({ pid, since, state, user }: AgentSection): string {
  if (state === 'running') return `runs as ${user}, pid ${pid}${sinceTime(since)}`;
  if (state === 'unverified') return `a process named netdata runs as ${user}, pid ${pid}`;
  return state === 'installed' ? 'not running' : 'not found';
}

function pluginLife({ plugin }: AgentSection): string {
  return plugin === undefined ? '' : `runs the plugin, pid ${plugin.pid}${sinceTime(plugin.since)}`;
}

/** Such as `, since 2026-11-21 17:30:05`, in local time. */
function sinceTime(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  const shifted = new Date((seconds - new Date(seconds * 1000).getTimezoneOffset() * 60) * 1000);
  return `, since ${shifted.toISOString().slice(0, 19).replace('T', ' ')}`;
}

function renderBlock({ facts, findings, label, mark }: Block, pen: Pen): string[] {
  const head = `${pen.signs[mark]} ${mark.padEnd(4)}`;
  const [first = '', ...rest] = facts
    .filter((fact) => fact !== '')
    .flatMap((fact) => wrap(fact, WIDTH - TEXT - 1, 'whole'));
  return [
    `${pen.paint(head, COLOURS[mark])}  ${label.padEnd(LABEL)} ${first}`.trimEnd(),
    ...rest.map((line) => `${' '.repeat(TEXT + 1)}${line}`),
    ...findings.flatMap((finding) => renderFinding(finding, pen)),
  ];
}

function renderFinding({ line, remedy, severity, text }: Finding, { paint, printed }: Pen): string[] {
  const where = line === undefined ? '' : `line ${line}: `;
  const isKnown = remedy !== undefined && printed.has(JSON.stringify(remedy));
  if (remedy !== undefined) printed.add(JSON.stringify(remedy));
  const prefix = severity === 'hint' ? 'hint: ' : '';
  const [first = '', ...rest] = wrap(
    `${prefix}${where}${escaped(text)}${isKnown ? ' (see above)' : ''}`,
    WIDTH - FINDING,
    'whole',
  );
  const painted = prefix === '' ? first : `${paint(prefix.trimEnd(), YELLOW)} ${first.slice(prefix.length)}`;
  const lines = [painted, ...rest].map((one) => `${' '.repeat(FINDING)}${one}`);
  return remedy === undefined || isKnown ? lines : [...lines, ...renderRemedy(remedy)];
}

function renderRemedy({ lines, note }: Remedy): string[] {
  return [
    ...(note === undefined ? [] : wrap(escaped(note), WIDTH - REMEDY, 'whole')).map(
      (line) => `${' '.repeat(REMEDY)}${line}`,
    ),
    ...lines.flatMap((line) => foldCommand(escaped(line), WIDTH - LINES)).map((line) => `${' '.repeat(LINES)}${line}`),
  ];
}

function verdict(blocks: readonly Block[], { paint }: Pen): string {
  const failed = blocks.filter(({ mark }) => mark === 'FAIL').map(({ label }) => label);
  if (failed.length > 0) return paint(wrap(`FAIL: ${failed.join(', ')}`, WIDTH, 'whole').join('\n'), RED);
  const hints = blocks.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'hint').length;
  const skipped = blocks.filter(({ mark }) => mark === 'skip').map(({ label }) => label);
  const what = skipped.length === 0 ? 'all enabled modules work' : `works, except not checked: ${skipped.join(', ')}`;
  const more = hints === 0 ? '' : `; see the ${hints === 1 ? 'hint' : `${hints} hints`} above`;
  return paint(wrap(`ok: ${what}${more}`, WIDTH, 'whole').join('\n'), GREEN);
}

/** How full the table is, which may have no limit. */
function use(entries: number, max: number | undefined): string {
  if (max === undefined) return `${inWhole(entries)} entries`;
  return `${inWhole(entries)} of ${inWhole(max)} entries (${inPercent((entries / max) * 100)})`;
}
