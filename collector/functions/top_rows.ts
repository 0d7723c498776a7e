/** Keeps the rows with the largest numbers, at most a given number of them: a heap whose root is the smallest. */

export class TopRows<T> {
  readonly #limit: number;
  readonly #numbers: number[] = [];
  readonly #rows: T[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a row with this number would be kept. */
  accepts(number: number): boolean {
    return this.#rows.length < this.#limit || number > (this.#numbers[0] ?? Number.POSITIVE_INFINITY);
  }

  /** Keeps a row that is accepted, in place of the smallest one if there is no room. */
  add(number: number, row: T): void {
    if (this.#rows.length < this.#limit) this.#rise(this.#rows.length, number, row);
    else this.#sink(number, row);
  }

  /** The rows, largest number first. */
  sorted(): T[] {
    const places = this.#rows.map((_, place) => place);
    places.sort((one, other) => (this.#numbers[other] ?? 0) - (this.#numbers[one] ?? 0));
    return places.map((place) => this.#rows[place] as T);
  }

  #rise(from: number, number: number, row: T): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((this.#numbers[parent] ?? 0) <= number) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#numbers[place] = number;
    this.#rows[place] = row;
  }

  #sink(number: number, row: T): void {
    const { length } = this.#rows;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && (this.#numbers[child + 1] ?? 0) < (this.#numbers[child] ?? 0)) child++;
      if ((this.#numbers[child] ?? 0) >= number) break;
      this.#move(child, place);
      place = child;
    }
    this.#numbers[place] = number;
    this.#rows[place] = row;
  }

  #move(from: number, to: number): void {
    this.#numbers[to] = this.#numbers[from] ?? 0;
    this.#rows[to] = this.#rows[from] as T;
  }
}
