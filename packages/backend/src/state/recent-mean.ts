/** The mean of the last so many numbers. */
export class RecentMean {
  readonly #values: number[] = [];
  readonly #limit: number;
  #next = 0;
  #sum = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(value: number): void {
    this.#sum += value - (this.#values[this.#next] ?? 0);
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#limit;
  }

  get mean(): number | undefined {
    return this.#values.length === 0 ? undefined : this.#sum / this.#values.length;
  }
}
