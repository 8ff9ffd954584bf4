import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WorkItemFiltersSchema } from "@durabletask/protobuf";
import type { WorkerSettings, WorkItemFilter } from "./options.ts";
import type { WorkerRegistry } from "./registry.ts";
import type { VersionedEntries } from "./versioned-entries.ts";

/** What the worker asks the hub for; `undefined` is everything. */
export function filtersToWire(
  { workItemFilters, versioning }: WorkerSettings,
  registry: WorkerRegistry,
): MessageInitShape<typeof WorkItemFiltersSchema> | undefined {
  if (workItemFilters === "none") return undefined;
  if (workItemFilters !== "auto") {
    const { orchestrations = [], activities = [] } = workItemFilters;
    return { orchestrations: orchestrations.map(toWire), activities: activities.map(toWire) };
  }
  // What is to fail must come here first.
  const isExact = versioning.matchStrategy === "strict" && versioning.failureStrategy !== "fail";
  const strict = isExact ? [versioning.version ?? ""] : undefined;
  return {
    orchestrations: registered(registry.orchestrators, strict),
    activities: registered(registry.activities, undefined),
  };
}

function toWire({ name, versions = [] }: WorkItemFilter): { name: string; versions: string[] } {
  return { name, versions: [...versions] };
}

/** A name that has no version registered stands for all of them, which is an empty list on the wire. */
function registered(
  entries: VersionedEntries<{ readonly version?: string | undefined }>,
  strict: readonly string[] | undefined,
): { name: string; versions: string[] }[] {
  return Array.from(entries.names(), ([name, versions]) => {
    const isUnversioned = versions.length === 1 && versions[0] === "";
    return { name, versions: [...(strict ?? (isUnversioned ? [] : versions))] };
  });
}
