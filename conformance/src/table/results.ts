/** What came of one scenario with one peer. */
export type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "failed" }
  | { readonly kind: "excepted"; readonly reason: string }
  | { readonly kind: "not run"; readonly reason: string };

/** Outcomes by scenario and peer, in the order in which they came. */
export class Results {
  readonly peers: Set<string> = new Set();
  readonly #outcomes = new Map<string, Map<string, Outcome>>();

  add(peer: string, scenario: string, outcome: Outcome): void {
    this.peers.add(peer);
    const row = this.#outcomes.get(scenario) ?? new Map<string, Outcome>();
    this.#outcomes.set(scenario, row.set(peer, outcome));
  }

  get scenarios(): Iterable<string> {
    return this.#outcomes.keys();
  }

  of(scenario: string, peer: string): Outcome | undefined {
    return this.#outcomes.get(scenario)?.get(peer);
  }

  /** Whether every outcome is one that a reader of the table may rely on. */
  get isComplete(): boolean {
    const all = [...this.#outcomes.values()].flatMap((row) => [...row.values()]);
    return all.every(({ kind }) => kind === "passed" || kind === "excepted");
  }
}
