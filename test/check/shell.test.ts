import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { fillLine, fillText, foldCommand } from '../../collector/check/shell.ts';

describe('the value of a placeholder in a command', () => {
  const ODD = "/a b/it's $(x)\\";

  it('is quoted if a shell would interpret it', () => {
    expect(fillLine('sudo {program} check', { program: '/opt/x-1.2_3:@+=,/y' })).toBe('sudo /opt/x-1.2_3:@+=,/y check');
    const line = fillLine("printf '%s' {program}", { program: ODD }) ?? '';
    expect(spawnSync('sh', ['-c', line], { encoding: 'utf8' }).stdout).toBe(ODD);
    expect(foldCommand(line, 12).join('\n').replaceAll(' \\\n ', '')).toBe(line);
  });

  it('must be given', () => {
    expect(() => fillLine('sudo {program} {other}', { program: '/p' })).toThrow('no value for {other}');
    expect(() => fillText('in {other}', {})).toThrow('no value for {other}');
    expect(fillText('in {other}', { other: "/it's" })).toBe("in /it's");
  });

  it('makes a command impossible if it needs quotes inside of quotes', () => {
    const line = "printf 'chgrp {group} {socket}' | tee {file}";
    expect(fillLine(line, { group: 'g', socket: ODD, file: '/f' })).toBeUndefined();
    expect(fillLine(line, { group: 'g', socket: '/s', file: '/f g' })).toBe("printf 'chgrp g /s' | tee '/f g'");
  });
});

describe('a folded command', () => {
  it.each([
    ['sudo modprobe nf_conntrack', ['sudo modprobe nf_conntrack']],
    ['sudo modprobe -a tcp_diag udp_diag', ['sudo modprobe -a tcp_diag \\', '  udp_diag']],
    ["printf 'a b c d e f g h i j' | sudo tee", ["printf 'a b c d e f g h i j' \\", '  | sudo tee']],
    ['    /proc/net/stat = no', ['    /proc/net/stat = no']],
  ])('made of %j is %j', (command, lines) => {
    expect(foldCommand(command, 30)).toEqual(lines);
  });

  it('does the same in a shell as the original', () => {
    const command = "printf '%s+' 'two  words' one '[a b]' three four five six seven && echo 'an end'";
    const folded = foldCommand(command, 20).map((line) => `      ${line}`);
    expect(folded.length).toBeGreaterThan(3);
    const output = (text: string): string => spawnSync('sh', ['-c', text], { encoding: 'utf8' }).stdout;
    expect(output(folded.join('\n'))).toBe(output(command));
    expect(output(command)).toBe('two  words+one+[a b]+three+four+five+six+seven+an end\n');
  });
});
