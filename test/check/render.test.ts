import { describe, expect, it } from 'vitest';

import { render } from '../../collector/check/render.ts';
import type { Finding, Report } from '../../collector/check/report.ts';
import { checked, TEXT } from '../helpers/check_scene.ts';

/** Control characters: an escape, its 8-bit form, and a mark that changes the writing direction. */
const ODD = '\u001b\u009b\u202e';
const SHOWN = '\\u{1b}\\u{9b}\\u{202e}';

const odd = (what: string): string => `${what}${ODD}`;

function findings(what: string, severity: Finding['severity'] = 'hint'): readonly Finding[] {
  const remedy = { note: odd(`${what}-note`), lines: [odd(`${what}-line`)] };
  return [{ severity, code: odd('code'), text: odd(`${what}-text`), line: 7, remedy }];
}

const REPORT: Report = {
  format: 1,
  version: odd('version'),
  works: false,
  program: { path: odd('path'), packaged: true, user: odd('user'), uid: 1, findings: findings('program') },
  kernel: { release: odd('release'), tracking: true, findings: [] },
  agent: {
    state: 'running',
    pid: 7,
    user: odd('agent'),
    plugin_directory: odd('plugins'),
    user_config_directory: odd('config'),
    findings: [],
  },
  privilege: { needed_by: [odd('needing')], sys_admin: { granted: false }, findings: [] },
  configuration: { file: odd('file'), findings: [] },
  namespaces: {
    enabled: 'auto',
    found: 1,
    readable: 1,
    active: 0,
    listed: [
      {
        name: odd('netns'),
        labels: {},
        read_through: 'process',
        via: odd('via'),
        entries: 3,
        choice: 'automatic',
      },
    ],
    findings: [],
  },
  modules: [
    { name: odd('working'), state: 'works', reads: [odd('reading')], findings: [] },
    { name: odd('failing'), state: 'fails', reads: [], findings: findings('failing', 'fault') },
    { name: odd('missing'), state: 'absent', reads: [odd('read')], findings: findings('missing', 'note') },
    { name: odd('untried'), state: 'unknown', reads: [], findings: [] },
  ],
  builtin: { charts: true, findings: [] },
};

/** Every string of the report that is printed. */
const PRINTED = [
  ...['version', 'user', 'path', 'release', 'agent', 'plugins', 'config', 'needing', 'file'],
  ...['netns', 'via', 'working', 'reading', 'failing', 'missing', 'missing-text', 'read', 'untried'],
  ...['program-text', 'program-note', 'program-line', 'failing-text', 'failing-note', 'failing-line'],
];

describe('the report as text', () => {
  const text = render(REPORT, { hasColour: false, isUnicode: false });

  it('contains no control characters', () => {
    expect(text.split('\n').filter((line) => !/^[\x20-\x7e]*$/.test(line))).toEqual([]);
  });

  it.each(PRINTED)('contains the string %s, escaped', (what) => {
    expect(text).toContain(`${what}${SHOWN}`);
  });

  it('names what fails in its last line, escaped', () => {
    expect(text).toMatch(/\nFAIL: failing\\u\{1b\}\\u\{9b\}\\u\{202e\}\n$/);
    const skipped = { ...REPORT, modules: REPORT.modules.filter(({ state }) => state === 'unknown') };
    expect(render(skipped, { hasColour: false, isUnicode: false })).toContain(`not checked: untried${SHOWN}`);
  });

  it('contains the privilege if something is wrong with it, even if no module needs it', () => {
    const privilege = { needed_by: [], sys_admin: { granted: false }, findings: findings('privilege', 'fault') };
    const shown = render({ ...REPORT, privilege }, { hasColour: false, isUnicode: false });
    expect(shown).toContain('x FAIL  privilege       CAP_NET_ADMIN, for no module\n');
  });

  it('has ASCII symbols for a terminal without UTF-8, and colours on request', async () => {
    const { report } = await checked();
    const ascii = render(report, { hasColour: false, isUnicode: false });
    expect(ascii).toMatch(/^\+ ok {4}kernel/m);
    expect(ascii).toMatch(/^- none {2}conntrackd/m);
    const coloured = render(report, { hasColour: true, isUnicode: true });
    expect(coloured).toContain('\u001b[32m✓ ok  \u001b[0m  kernel');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that colour a text begin with one
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(render(report, TEXT));
  });

  it('contains no control sequences of a path', async () => {
    const program = { path: '/p\u001b[2J/conntrack.plugin', packaged: true };
    const { text } = await checked({ texts: { [program.path]: '' }, options: { program, uid: 1000 } });
    expect(text).not.toContain('\u001b');
    expect(text).toContain("sudo '/p\\u{1b}[2J/conntrack.plugin' check");
  });
});
