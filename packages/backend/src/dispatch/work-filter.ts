/** What a worker takes of one kind of work: names, and for each the versions; no versions means all of them. */
export class WorkFilter {
  /** The same for filters that take the same. */
  readonly key: string;
  readonly #versions = new Map<string, Set<string>>();
  readonly #takesAll: boolean;

  /** A worker that sends no filters takes the kind whole; one that sends filters, and none for this kind, none of it. */
  constructor(
    filters: readonly { readonly name: string; readonly versions: readonly string[] }[] | undefined,
  ) {
    this.#takesAll = filters === undefined;
    for (const { name, versions } of filters ?? []) {
      const known = this.#versions.get(name);
      if (!known) this.#versions.set(name, new Set(versions));
      else if (versions.length === 0 || known.size === 0) known.clear();
      else for (const version of versions) known.add(version);
    }
    const named = Array.from(this.#versions, ([name, versions]) =>
      JSON.stringify([name, ...[...versions].sort()]),
    );
    this.key = this.#takesAll ? "*" : named.sort().join();
  }

  /** Work without a version counts as version "". */
  accepts(name: string, version: string | undefined): boolean {
    if (this.#takesAll) return true;
    const versions = this.#versions.get(name);
    return versions !== undefined && (versions.size === 0 || versions.has(version ?? ""));
  }
}
