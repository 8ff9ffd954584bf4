import { TaskHubError } from "@durabletask/core";

// What a task hub keeps beside its file is named after it: a name must not be one of those.
const taken = /^owner$|-(?:wal|shm|journal)$|\.owner$/u;

/**
 * A name as it stands in that of a file: letters, digits, `-` and `_` only, so that it leads nowhere else; in lower case,
 * since file systems differ in whether case matters. Throws `INVALID_ARGUMENT` for any other.
 */
export function checkedName(name: string): string {
  const lower = name.toLowerCase();
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/u.test(lower) && !taken.test(lower)) return lower;
  throw new TaskHubError(
    "INVALID_ARGUMENT",
    `"${name.slice(0, 80)}" is no name of a task hub: use 1 to 63 letters, digits, "-" and "_", beginning with a letter or digit, not "owner", and not ending in "-wal", "-shm" or "-journal".`,
  );
}
