import { DurableTaskError } from "../errors.ts";

/** A worker was given two definitions of one kind under one name and version. */
export class DuplicateRegistrationError extends DurableTaskError {
  override name = "DuplicateRegistrationError";

  constructor(kind: string, name: string, version: string) {
    const which = version === "" ? "" : ` in version '${version}'`;
    super("DUPLICATE_REGISTRATION", `this worker already has an ${kind} named '${name}'${which}`);
  }
}

/** Entries of one kind. Names and versions come from outside, so these are maps (E8). */
export class VersionedEntries<Entry extends { readonly version?: string | undefined }> {
  readonly #kind: string;
  readonly #names = new Map<string, Map<string, Entry>>();

  constructor(kind: string) {
    this.#kind = kind;
  }

  add(name: string, entry: Entry): void {
    const version = entry.version ?? "";
    let versions = this.#names.get(name);
    if (versions === undefined) {
      versions = new Map();
      this.#names.set(name, versions);
    }
    if (versions.has(version.toLowerCase())) {
      throw new DuplicateRegistrationError(this.#kind, name, version);
    }
    versions.set(version.toLowerCase(), entry);
  }

  /**
   * The entry of that name and version, without regard to the version's case. One that was registered without a version
   * stands for all versions, unless the name has entries with versions. As in .NET.
   */
  find(name: string, version: string | undefined): Entry | undefined {
    const versions = this.#names.get(name);
    const exact = versions?.get((version ?? "").toLowerCase());
    if (exact !== undefined || versions === undefined) return exact;
    return versions.size === 1 ? versions.get("") : undefined;
  }

  /** Every name with its versions; an empty one stands for none. */
  *names(): Generator<readonly [name: string, versions: readonly string[]], void, undefined> {
    for (const [name, versions] of this.#names) {
      yield [name, Array.from(versions.values(), (entry) => entry.version ?? "")];
    }
  }
}
