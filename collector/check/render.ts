/** The report for a person, for a terminal of 80 columns. It reads without colours, and without the signs. */

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
/** Where the text of a section begins. */
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

/** Why the plugin has the contexts that it has. */
const CONTEXT_REASONS = {
  on: 'netdata.conf leaves it on',
  off: 'netdata.conf turns it off',
  unknown: 'netdata.conf cannot be read',
  configured: 'conntrack.conf sets them',
} as const;

/** A section as it is printed: a mark, a label, and what is known. */
interface Block {
  readonly mark: Mark;
  readonly label: string;
  readonly facts: readonly string[];
  readonly findings: readonly Finding[];
}

/** What the terminal can do. */
export interface Style {
  readonly hasColour: boolean;
  readonly isUnicode: boolean;
}

/** How things are printed, and which remedies have been. */
interface Pen {
  readonly signs: Readonly<Record<Mark, string>>;
  readonly paint: (text: string, colour: number | undefined) => string;
  readonly said: Set<string>;
}

export function render(report: Report, { hasColour, isUnicode }: Style): string {
  const pen: Pen = {
    signs: isUnicode ? SIGNS : ASCII_SIGNS,
    paint: (text, colour) => (hasColour && colour !== undefined ? `\u001b[${colour}m${text}\u001b[0m` : text),
    said: new Set(),
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
    block('configuration', configuration, [configuration.file ?? 'none, every default holds']),
    ...modules.map((module) => moduleBlock(module)),
    ...builtinBlock(builtin),
  ];
}

/** @param otherwise its mark where there is no fault. */
function block(label: string, { findings }: Section, facts: readonly string[], otherwise: Mark = 'ok'): Block {
  const isFaulty = findings.some(({ severity }) => severity === 'fault');
  return { mark: isFaulty ? 'FAIL' : otherwise, label: escaped(label), facts: facts.map(escaped), findings };
}

function moduleBlock(module: ModuleSection): Block {
  const { findings, name, reads, state } = module;
  if (state === 'unknown') return block(name, module, [reads.join(' ')], 'skip');
  if (state === 'works' || state === 'fails') return block(name, module, [reads.join(' ')]);
  // It is in one line why there is nothing.
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
  const state = charts === undefined ? 'unknown' : charts ? 'on' : 'turned off';
  const names = contexts === 'netfilter' ? 'netfilter.conntrack_*' : 'conntrack.*';
  const facts = [state, `contexts ${names}: ${CONTEXT_REASONS[contexts_reason]}`];
  return [block('built-in charts', builtin, facts, charts === undefined ? 'none' : charts ? 'ok' : 'off')];
}

function life({ pid, since, state, user }: AgentSection): string {
  if (state === 'running') {
    return `runs as ${user}, pid ${pid}${since === undefined ? '' : `, since ${localTime(since)}`}`;
  }
  if (state === 'unverified') return `a process named netdata runs as ${user}, pid ${pid}`;
  return state === 'installed' ? 'does not run' : 'not found';
}

function pluginLife({ plugin }: AgentSection): string {
  if (plugin === undefined) return '';
  return `runs the plugin, pid ${plugin.pid}${plugin.since === undefined ? '' : `, since ${localTime(plugin.since)}`}`;
}

/** Such as `2026-11-21 17:30:05`, local time. */
function localTime(seconds: number): string {
  const shifted = new Date((seconds - new Date(seconds * 1000).getTimezoneOffset() * 60) * 1000);
  return shifted.toISOString().slice(0, 19).replace('T', ' ');
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

function renderFinding({ line, remedy, severity, text }: Finding, { paint, said }: Pen): string[] {
  const where = line === undefined ? '' : `line ${line}: `;
  const isKnown = remedy !== undefined && said.has(JSON.stringify(remedy));
  if (remedy !== undefined) said.add(JSON.stringify(remedy));
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
  const more = hints === 0 ? '' : `, ${hints === 1 ? 'with a hint' : `with ${hints} hints`} above`;
  const skipped = blocks.filter(({ mark }) => mark === 'skip').map(({ label }) => label);
  const what = skipped.length === 0 ? 'that is on works' : `works but what was not checked (${skipped.join(', ')})`;
  return paint(wrap(`ok: everything ${what}${more}`, WIDTH, 'whole').join('\n'), GREEN);
}

/** How full the table is; there may be no limit. */
function use(entries: number, max: number | undefined): string {
  if (max === undefined) return `${inWhole(entries)} entries`;
  return `${inWhole(entries)} of ${inWhole(max)} entries (${inPercent((entries / max) * 100)})`;
}
