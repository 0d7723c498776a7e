/** CPU time of background work. */

/** A part of the budget. */
export interface Claim {
  /** Share of one CPU that the work may take, from 0 to 1. */
  readonly share: number;
  /** Leaves the part to the others. */
  release(): void;
}

/** One budget for the background work of all jobs: a limit holds for all work of its name together, in equal parts. */
export class Budget {
  readonly #claims = new Map<string, number>();

  /**
   * Takes a part of what work of this name may use.
   *
   * @param limit share of one CPU that all work of the name may take together, from 0 to 1.
   */
  claim(name: string, limit: number): Claim {
    const claims = this.#claims;
    const count = (): number => claims.get(name) ?? 0;
    claims.set(name, count() + 1);
    let isReleased = false;
    return {
      get share() {
        return limit / count();
      },
      release: () => {
        if (!isReleased) claims.set(name, count() - 1);
        isReleased = true;
      },
    };
  }
}
