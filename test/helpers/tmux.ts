/** A terminal that can be read: a window of tmux, on a separate server without configuration. */

import { run } from './conntrack.ts';

export class Tmux {
  static #made = 0;
  /** A server that ends still holds its name for a moment. */
  readonly #name = `ctshow-${process.pid}-${++Tmux.#made}`;

  /** Opens a window of that size, in which a command runs. */
  constructor(columns: number, rows: number, command: readonly string[]) {
    this.#tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), ...command);
  }

  /** The lines of the screen. */
  get screen(): readonly string[] {
    return this.#tmux('capture-pane', '-p').split('\n').slice(0, -1);
  }

  /** The same with the sequences for colours. */
  get coloured(): string {
    return this.#tmux('capture-pane', '-p', '-e');
  }

  /** Whether the alternate screen is shown, whether there is a cursor, and whether lines wrap. */
  get modes(): { readonly isAlternate: boolean; readonly hasCursor: boolean; readonly wraps: boolean } {
    const flags = this.#tmux('display-message', '-p', '#{alternate_on} #{cursor_flag} #{wrap_flag}').trim().split(' ');
    const [isAlternate, hasCursor, wraps] = flags.map((flag) => flag === '1');
    return { isAlternate: isAlternate === true, hasCursor: hasCursor === true, wraps: wraps === true };
  }

  /** Types a line. */
  type(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.press('Enter');
  }

  /** Presses a key by tmux's name of it, such as `C-c`. */
  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Ends the server and the command. */
  close(): void {
    this.#tmux('kill-server');
  }

  #tmux(...words: readonly string[]): string {
    return run(['tmux', '-u', '-L', this.#name, '-f', '/dev/null', ...words]);
  }
}
