/** The terminal of a person: taken for the screen, and given back as it was. */

import { ENTER, LEAVE } from './paint.ts';
import type { Size } from './screen.ts';

/** The size of a terminal that does not tell its own. */
const USUAL: Size = { columns: 80, rows: 24 };

/** What a key does, by what the terminal sends for it while it leaves keys alone. */
const KEYS: ReadonlyMap<string, keyof Actions> = new Map([
  ['\x03', 'end'],
  ['q', 'end'],
  ['\x1a', 'suspend'],
  ['\x0c', 'redraw'],
]);

/** Standard output; `columns` and `rows` may be 0 or missing. */
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

/** What the process is to its terminal. */
export interface JobControl {
  /** Whether it is in the foreground: what another job shows must not be drawn over. */
  isForeground(): boolean;
  /** Has the display look at its size: in the background nobody was told that it changed. */
  measure(): void;
}

export interface Actions {
  /** Ctrl-C or q, or that the terminal is gone. */
  end(): void;
  /** Ctrl-Z. */
  suspend(): void;
  /** Ctrl-L, or another size. */
  redraw(): void;
}

export class Terminal {
  readonly #display: Display;
  readonly #keyboard: Keyboard | undefined;
  readonly #jobControl: JobControl;
  #isTaken = false;

  /** @param keyboard `undefined` when standard input is no terminal. */
  constructor(display: Display, keyboard: Keyboard | undefined, jobControl: JobControl) {
    this.#display = display;
    this.#keyboard = keyboard;
    this.#jobControl = jobControl;
  }

  get size(): Size {
    return { columns: this.#display.columns || USUAL.columns, rows: this.#display.rows || USUAL.rows };
  }

  /** Does what keys and resizing ask for, while the terminal is taken. */
  listen(actions: Actions): void {
    this.#display.on('resize', () => {
      if (this.#isTaken) actions.redraw();
    });
    // A shell's keys are not taken away from it.
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
   * Takes the terminal, unless it is taken; what was on it is kept. Keys are no longer shown.
   *
   * @returns `false` in the background, where nothing may be drawn; nothing is taken then.
   */
  take(): boolean {
    if (!this.#jobControl.isForeground()) {
      // Stopped without a warning, it could not be given back, and now it belongs to another.
      this.#isTaken = false;
      this.#keyboard?.pause();
      return false;
    }
    if (this.#isTaken) return true;
    this.#isTaken = true;
    // Off first: a shell may have changed it since, which is not known here.
    this.#keyboard?.setRawMode(false);
    this.#keyboard?.setRawMode(true);
    this.#keyboard?.resume();
    this.#display.write(ENTER);
    this.#jobControl.measure();
    return true;
  }

  /** Takes it anew after the process was stopped: whoever had it meanwhile may have changed it. */
  takeAgain(): void {
    this.#isTaken = false;
    this.take();
  }

  /** Gives it back, if it is taken. */
  giveBack(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#keyboard?.pause();
    this.#display.write(LEAVE);
    // From the background this would stop the process.
    if (this.#jobControl.isForeground()) this.#keyboard?.setRawMode(false);
  }
}
