/** The user's terminal: taken for the screen, and restored. */

import type { Size } from './columns.ts';

const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

/** Alternate screen, no cursor, no wrapping at the last column. Source: xterm's control sequences. */
export const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
export const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

/** Actions by the character that the terminal sends in raw mode. */
const KEYS: ReadonlyMap<string, keyof Actions> = new Map([
  ['\x03', 'end'],
  ['q', 'end'],
  ['\x1a', 'suspend'],
  ['\x0c', 'redraw'],
]);

/** Standard output; `columns` and `rows` are 0 or missing if the terminal does not report its size. */
export interface Display {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
}

/** Standard input. */
export interface Keyboard {
  setRawMode(isRaw: boolean): unknown;
  pause(): unknown;
  resume(): unknown;
  on(event: 'data', listener: (data: Buffer) => void): unknown;
  on(event: 'end' | 'error', listener: () => void): unknown;
}

export interface JobControl {
  /** Whether the process is in the terminal's foreground, where it can draw. */
  isForeground(): boolean;
  /** Makes the display read its size, since background processes get no SIGWINCH. */
  measure(): void;
}

export interface Actions {
  /** On Ctrl-C, q, or when the terminal is gone. */
  end(): void;
  /** On Ctrl-Z. */
  suspend(): void;
  /** On Ctrl-L, or a change of size. */
  redraw(): void;
}

export class Terminal {
  readonly #display: Display;
  readonly #keyboard: Keyboard | undefined;
  readonly #jobControl: JobControl;
  #isTaken = false;

  /** @param keyboard `undefined` if standard input is not a terminal. */
  constructor(display: Display, keyboard: Keyboard | undefined, jobControl: JobControl) {
    this.#display = display;
    this.#keyboard = keyboard;
    this.#jobControl = jobControl;
  }

  get size(): Size {
    return { columns: this.#display.columns || DEFAULT_SIZE.columns, rows: this.#display.rows || DEFAULT_SIZE.rows };
  }

  /** Runs the actions for keys and resizing while the terminal is taken. */
  listen(actions: Actions): void {
    this.#display.on('resize', () => {
      if (this.#isTaken) actions.redraw();
    });
    // Until the terminal is taken, its keys are the shell's.
    this.#keyboard?.pause();
    this.#keyboard?.on('data', (data) => {
      for (const key of data.toString('latin1')) {
        const action = KEYS.get(key);
        if (action !== undefined) actions[action]();
      }
    });
    this.#keyboard?.on('end', () => actions.end());
    this.#keyboard?.on('error', () => actions.end());
  }

  /**
   * Switches to the alternate screen and raw keys, if not done yet.
   *
   * @returns `false` in the background, where a process must not draw.
   */
  take(): boolean {
    if (!this.#jobControl.isForeground()) {
      // After SIGSTOP the terminal could not be restored, and another process has it now.
      this.#isTaken = false;
      this.#keyboard?.pause();
      return false;
    }
    if (this.#isTaken) return true;
    this.#isTaken = true;
    // Off first: Node.js does not notice that a shell changed the mode meanwhile, and would skip setting it again.
    this.#keyboard?.setRawMode(false);
    this.#keyboard?.setRawMode(true);
    this.#keyboard?.resume();
    this.#display.write(ENTER);
    this.#jobControl.measure();
    return true;
  }

  /** Takes the terminal after the process was stopped, even if it is still marked as taken. */
  resume(): void {
    this.#isTaken = false;
    this.take();
  }

  /** Restores the terminal, if it is taken. */
  restore(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#keyboard?.pause();
    this.#display.write(LEAVE);
    // In the background this would stop the process.
    if (this.#jobControl.isForeground()) this.#keyboard?.setRawMode(false);
  }
}
