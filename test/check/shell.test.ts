import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { fillLine, fillText, foldCommand } from '../../collector/check/shell.ts';

describe('a place in a command', () => {
  const ODD = "/a b/it's $(x)\\";

  it('is quoted where a shell would take it for something else', () => {
    expect(fillLine('sudo {program} check', { program: '/opt/x-1.2_3:@+=,/y' })).toBe('sudo /opt/x-1.2_3:@+=,/y check');
    const line = fillLine("printf '%s' {program}", { program: ODD }) ?? '';
    expect(spawnSync('sh', ['-c', line], { encoding: 'utf8' }).stdout).toBe(ODD);
    expect(foldCommand(line, 12).join('\n').replaceAll(' \\\n ', '')).toBe(line);
  });

  it('is never left open', () => {
    expect(() => fillLine('sudo {program} {other}', { program: '/p' })).toThrow('nothing is known for {other}');
    expect(() => fillText('in {other}', {})).toThrow('nothing is known for {other}');
    expect(fillText('in {other}', { other: "/it's" })).toBe("in /it's");
  });

  it('makes it impossible where it stands in quotes already', () => {
    const line = "printf 'chgrp {group} {socket}' | tee {file}";
    expect(fillLine(line, { group: 'g', socket: ODD, file: '/f' })).toBeUndefined();
    expect(fillLine(line, { group: 'g', socket: '/s', file: '/f g' })).toBe("printf 'chgrp g /s' | tee '/f g'");
  });
});

describe('a command', () => {
  it.each([
    ['sudo modprobe nf_conntrack', ['sudo modprobe nf_conntrack']],
    ['sudo modprobe -a tcp_diag udp_diag', ['sudo modprobe -a tcp_diag \\', '  udp_diag']],
    ["printf 'a b c d e f g h i j' | sudo tee", ["printf 'a b c d e f g h i j' \\", '  | sudo tee']],
    ['    /proc/net/stat = no', ['    /proc/net/stat = no']],
  ])('%j is folded into %j', (command, lines) => {
    expect(foldCommand(command, 30)).toEqual(lines);
  });

  it('does the same when it is pasted as it is folded', () => {
    const command = "printf '%s+' 'two  words' one '[a b]' three four five six seven && echo 'an end'";
    const folded = foldCommand(command, 20).map((line) => `      ${line}`);
    expect(folded.length).toBeGreaterThan(3);
    const said = (text: string): string => spawnSync('sh', ['-c', text], { encoding: 'utf8' }).stdout;
    expect(said(folded.join('\n'))).toBe(said(command));
    expect(said(command)).toBe('two  words+one+[a b]+three+four+five+six+seven+an end\n');
  });
});
