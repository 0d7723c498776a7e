/** A shell in a terminal, in which a test types commands. */

import { onTestFinished } from 'vitest';

import { Tmux } from './tmux.ts';

/** Opens a window of that size, whose prompt is `ready>`; closed when the test has finished. */
export function openShell(via: readonly string[], columns: number, rows: number): Tmux {
  const environment = [
    'env',
    '-i',
    `PATH=${process.env['PATH']}`,
    'TERM=screen-256color',
    'LANG=C.UTF-8',
    'PS1=ready> ',
  ];
  const tmux = new Tmux(columns, rows, [...via, ...environment, 'sh']);
  onTestFinished(() => tmux.close());
  return tmux;
}
