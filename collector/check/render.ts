/** The report as text for a terminal of 80 columns, readable without colours and without symbols. */

import { inPercent, inWhole } from '../base/numbers.ts';
import { escaped, wrap } from '../base/text.ts';
import { namespaceFacts } from './namespace_facts.ts';
import {
  type AgentSection,
  type BuiltinSection,
  type Finding,
  hasFault,
  type KernelSection,
  type ModuleSection,
  type PrivilegeSection,
  type Report,
  type Section,
} from './report.ts';
import { foldCommand } from './shell.ts';

const WIDTH = 80;
/** Columns at which facts, findings, notes and commands begin. */
const FACTS = 24;
const FINDING = 8;
const NOTE = 10;
const COMMAND = 12;

const RED = 31;
const GREEN = 32;
const YELLOW = 33;

/** Sign, ASCII sign and colour by mark. */
const MARKS = {
  ok: ['✓', '+', GREEN],
  FAIL: ['✗', 'x', RED],
  off: ['–', '-', undefined],
  none: ['–', '-', undefined],
  skip: ['?', '?', undefined],
} as const;
type Mark = keyof typeof MARKS;

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
  readonly isUnicode: boolean;
  readonly paint: (text: string, colour: number | undefined) => string;
  readonly printed: Set<string>;
}

export function render(report: Report, { hasColour, isUnicode }: Style): string {
  const pen: Pen = {
    isUnicode,
    paint: (text, colour) => (hasColour && colour !== undefined ? `\u001b[${colour}m${text}\u001b[0m` : text),
    printed: new Set(),
  };
  const title = escaped(`conntrack.plugin ${report.version}, checked as ${report.program.user}`);
  const blocks = blocksOf(report);
  return [title, '', ...blocks.flatMap((block) => renderBlock(block, pen)), '', verdict(blocks, pen), ''].join('\n');
}

function blocksOf(report: Report): Block[] {
  const { agent, builtin, configuration, kernel, modules, namespaces, netns, privilege, program } = report;
  const isOfHost = netns === undefined;
  const { findings, needed_by, sys_admin } = privilege;
  const isPrivilegeShown = needed_by.length > 0 || findings.length > 0 || sys_admin.granted;
  const [facts, mark] = namespaceFacts(namespaces, kernel.max, netns);
  return [
    block('program', program, [program.path]),
    ...(isOfHost ? [block('kernel', kernel, kernelFacts(kernel), kernel.tracking ? 'ok' : 'none')] : []),
    ...(isOfHost ? [block('agent', agent, agentFacts(agent), agent.state === 'running' ? 'ok' : 'none')] : []),
    ...(isPrivilegeShown ? [block('privilege', privilege, privilegeFacts(privilege))] : []),
    block('configuration', configuration, [configuration.file ?? 'no configuration file, using defaults']),
    ...(facts.length === 0 ? [] : [block(isOfHost ? 'namespaces' : 'namespace', namespaces, facts, mark)]),
    ...modules.map(moduleBlock),
    ...(isOfHost ? builtinBlock(builtin) : []),
  ];
}

function privilegeFacts({ needed_by, sys_admin }: PrivilegeSection): string[] {
  return [
    `CAP_NET_ADMIN, for ${needed_by.join(', ') || 'no module'}`,
    sys_admin.granted ? 'CAP_SYS_ADMIN, to enter network namespaces' : '',
  ];
}

/** @param otherwise the mark of a section without faults. */
function block(label: string, { findings }: Section, facts: readonly string[], otherwise: Mark = 'ok'): Block {
  const mark = hasFault(findings) ? 'FAIL' : otherwise;
  return { mark, label: escaped(label), facts: facts.filter((fact) => fact !== '').map(escaped), findings };
}

function moduleBlock(module: ModuleSection): Block {
  const { findings, name, reads, state } = module;
  const sources = reads.join(' ');
  if (state === 'unknown') return block(name, module, [sources], 'skip');
  if (state === 'works' || state === 'fails') return block(name, module, [sources]);
  // One line says why there is nothing to show.
  const facts = findings.map(({ text }) => (sources === '' ? text : `${text} (${sources})`));
  return block(name, { findings: [] }, facts, state === 'off' ? 'off' : 'none');
}

function kernelFacts({ acct, buckets, entries, events, max, release, tracking }: KernelSection): string[] {
  const table = [
    entries === undefined ? '' : use(entries, max),
    buckets === undefined ? '' : `${inWhole(buckets)} buckets`,
  ];
  const settings = [
    events === undefined ? '' : `nf_conntrack_events ${events}`,
    acct === undefined ? '' : `nf_conntrack_acct ${acct}`,
  ];
  const known = (facts: readonly string[]): string => facts.filter((fact) => fact !== '').join(', ');
  return [`Linux ${release}, connection tracking ${tracking ? 'loaded' : 'not loaded'}`, known(table), known(settings)];
}

/** How full the table is, which may have no limit. */
function use(entries: number, max: number | undefined): string {
  if (max === undefined) return `${inWhole(entries)} entries`;
  return `${inWhole(entries)} of ${inWhole(max)} entries (${inPercent((entries / max) * 100)})`;
}

function agentFacts(agent: AgentSection): string[] {
  const { pid, plugin, plugin_directory, since, state, user, user_config_directory } = agent;
  const life = {
    running: `runs as ${user}, pid ${pid}${sinceTime(since)}`,
    unverified: `a process named netdata runs as ${user}, pid ${pid}`,
    installed: 'not running',
    not_found: 'not found',
  };
  return [
    life[state],
    plugin === undefined ? '' : `runs the plugin, pid ${plugin.pid}${sinceTime(plugin.since)}`,
    plugin_directory === undefined ? '' : `plugins in ${plugin_directory}`,
    user_config_directory === undefined ? '' : `configured in ${user_config_directory}`,
  ];
}

function builtinBlock(builtin: BuiltinSection): Block[] {
  const { charts, contexts, contexts_reason } = builtin;
  if (contexts === undefined || contexts_reason === undefined) return [];
  const state = charts === undefined ? 'unknown' : charts ? 'on' : 'off';
  const mark = ({ unknown: 'none', on: 'ok', off: 'off' } as const)[state];
  const names = contexts === 'netfilter' ? 'netfilter.conntrack_*' : 'conntrack.*';
  return [block('built-in charts', builtin, [state, `contexts ${names}: ${CONTEXT_REASONS[contexts_reason]}`], mark)];
}

/** Such as `, since 2026-11-21 17:30:05`, in local time. */
function sinceTime(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  const shifted = new Date((seconds - new Date(seconds * 1000).getTimezoneOffset() * 60) * 1000);
  return `, since ${shifted.toISOString().slice(0, 19).replace('T', ' ')}`;
}

function renderBlock({ facts, findings, label, mark }: Block, pen: Pen): string[] {
  const [sign, ascii, colour] = MARKS[mark];
  const head = pen.paint(`${pen.isUnicode ? sign : ascii} ${mark.padEnd(4)}`, colour);
  const [first = '', ...rest] = facts.flatMap((fact) => wrapped(fact, FACTS));
  return [
    `${head}  ${label.padEnd(FACTS - 9)} ${first.trimStart()}`.trimEnd(),
    ...rest,
    ...findings.flatMap((finding) => renderFinding(finding, pen)),
  ];
}

function renderFinding({ line, remedy, severity, text: message }: Finding, { paint, printed }: Pen): string[] {
  const where = line === undefined ? '' : `line ${line}: `;
  const isKnown = remedy !== undefined && printed.has(JSON.stringify(remedy));
  if (remedy !== undefined) printed.add(JSON.stringify(remedy));
  const prefix = severity === 'hint' ? 'hint: ' : '';
  const text = `${prefix}${where}${escaped(message)}${isKnown ? ' (see above)' : ''}`;
  const [first = '', ...rest] = wrapped(text, FINDING);
  const lines = [prefix === '' ? first : first.replace('hint:', paint('hint:', YELLOW)), ...rest];
  if (remedy === undefined || isKnown) return lines;
  const { lines: commands, note } = remedy;
  return [
    ...lines,
    ...(note === undefined ? [] : wrapped(escaped(note), NOTE)),
    ...commands.flatMap((line) => indented(foldCommand(escaped(line), WIDTH - COMMAND), COMMAND)),
  ];
}

function wrapped(text: string, column: number): string[] {
  return indented(wrap(text, WIDTH - column, 'whole'), column);
}

function indented(lines: readonly string[], column: number): string[] {
  return lines.map((line) => `${' '.repeat(column)}${line}`);
}

function verdict(blocks: readonly Block[], { paint }: Pen): string {
  const marked = (mark: Mark): string => {
    const labels = blocks.filter((block) => block.mark === mark).map(({ label }) => label);
    return labels.join(', ');
  };
  const paragraph = (text: string): string => wrap(text, WIDTH, 'whole').join('\n');
  if (marked('FAIL') !== '') return paint(paragraph(`FAIL: ${marked('FAIL')}`), RED);
  const hints = blocks.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'hint').length;
  const what = marked('skip') === '' ? 'all enabled modules work' : `works, except not checked: ${marked('skip')}`;
  const more = hints === 0 ? '' : `; see the ${hints === 1 ? 'hint' : `${hints} hints`} above`;
  return paint(paragraph(`ok: ${what}${more}`), GREEN);
}
