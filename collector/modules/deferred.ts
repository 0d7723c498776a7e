/** An error of background work, kept until the next update can throw it. */
export class DeferredError {
  #error: unknown;

  keep(error: unknown): void {
    this.#error = error;
  }

  /** Returns the error and forgets it; `undefined` without one. */
  take(): unknown {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  /** Throws the error, if there is one, and forgets it. */
  rethrow(): void {
    const error = this.take();
    if (error !== undefined) throw error;
  }
}
