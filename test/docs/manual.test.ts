/** The manual page as roff. */

import { describe, expect, it } from 'vitest';

import { manualPage } from '../../docs/generate/manual.ts';

describe('the manual page', () => {
  it('has the usage, commands, options and the options of the configuration, with everything escaped', () => {
    const page = manualPage({
      help: {
        usage: ['program [--deep]', 'program list'],
        paragraphs: ['What it is. With a \\ in it.', '.starts with a dot'],
        commands: [],
        options: [{ term: '--deep', text: "'quoted' first" }],
      },
      commands: [
        { name: 'list', summary: 'print entries', details: 'Each line is one.', options: [] },
        { name: 'top', summary: 'rank', options: [{ name: 'by', value: 'FIELD', help: 'rank by it' }] },
      ],
      options: [{ name: 'modules.stat.enabled', default: true, allowed: 'yes or no' }],
      descriptions: new Map([['modules.stat.enabled', 'Whether `stat` is on.']]),
      version: '4.7.11',
      time: 1_000_000_007,
    });
    expect(page).toBe(`.TH CONNTRACK.PLUGIN 1 2001-09-09 "conntrack.plugin 4.7.11" "User Commands"
.SH NAME
conntrack.plugin \\- What it is
.SH SYNOPSIS
\\fBprogram [\\-\\-deep]\\fR
.br
\\fBprogram list\\fR
.SH DESCRIPTION
What it is. With a \\e in it.
.PP
\\&.starts with a dot
.SH COMMANDS
.TP
\\fBlist\\fR
print entries
.IP
Each line is one.
.TP
\\fBtop\\fR
rank
.RS
.TP
\\fB\\-\\-by FIELD\\fR
rank by it
.RE
.SH OPTIONS
.TP
\\fB\\-\\-deep\\fR
\\&'quoted' first
.SH CONFIGURATION
The options of conntrack.conf, with the keys that each is nested under:
.TP
\\fBmodules.stat.enabled\\fR
Whether \\fBstat\\fR is on. Default: \\fByes\\fR. Allowed: yes or no.
.SH SEE ALSO
.BR conntrack (8),
.BR conntrackd (8)
.PP
/usr/share/doc/netdata\\-plugin\\-conntrack
`);
  });
});
