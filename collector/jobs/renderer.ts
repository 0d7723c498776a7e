/** The interface between a tick and its output. The agent and the terminal each have a renderer. */

import type { Sample } from '../modules/module.ts';

/** What one module returned in an update. */
export interface Reading {
  /** The module's name. */
  readonly module: string;
  /** Seconds between two readings of the module. */
  readonly every: number;
  readonly samples: readonly Sample[];
}

export interface Renderer {
  /**
   * The text of one update, which counts as sent. Bytes are UTF-8 and valid until the next call.
   *
   * @param at monotonic time in microseconds.
   */
  render(at: number, readings: readonly Reading[]): string | Uint8Array;
}

/** Where the text of an update goes. */
export interface Destination {
  /** Whether the previous update was taken; if not, this one must not be rendered. */
  ready(): boolean;
  /** Writes one update with one call. Bytes must not change until {@link ready} returns `true`. */
  tick(text: string | Uint8Array): void;
}
