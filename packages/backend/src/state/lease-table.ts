import type { Lease } from "./work.ts";

/**
 * Leases by their tokens, each of which says in which place of an array its lease is. So does the lease itself, since to take a
 * token apart costs more than all the rest.
 *
 * No map: hundreds of thousands of leases come and go a minute, for which a map is copied every thousand times. Copies that the
 * garbage collector takes for old hold leases, and with them instances, until it looks at all of the memory.
 */
export class LeaseTable {
  readonly #places: (Lease | undefined)[] = [];
  readonly #free: number[] = [];
  #made = 0;

  get size(): number {
    return this.#places.length - this.#free.length;
  }

  get(token: string): Lease | undefined {
    const lease = this.#places[placeOf(token)];
    return lease?.token === token ? lease : undefined;
  }

  /** In the order in which they were made. */
  values(): Lease[] {
    const leases = this.#places.filter((lease) => lease !== undefined);
    return leases.sort((a, b) => numberOf(a.token) - numberOf(b.token));
  }

  /** The token of the next lease that is added. */
  newToken(epoch: string): string {
    return `${epoch}.${this.#free.at(-1) ?? this.#places.length}.${++this.#made}`;
  }

  add(lease: Lease): void {
    lease.place = this.#free.pop() ?? this.#places.length;
    this.#places[lease.place] = lease;
  }

  /** False if it is not here any more. */
  delete(lease: Lease): boolean {
    if (this.#places[lease.place] !== lease) return false;
    this.#places[lease.place] = undefined;
    this.#free.push(lease.place);
    return true;
  }
}

function placeOf(token: string): number {
  return Number.parseInt(token.slice(token.indexOf(".") + 1), 10);
}

function numberOf(token: string): number {
  return Number(token.split(".", 3)[2]);
}
