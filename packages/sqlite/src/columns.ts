// What a column holds, as the schema says: its tables are strict, so anything else is a damaged file.

/** The value of an INTEGER column. */
export function integer(value: unknown): number {
  if (typeof value === "number") return value;
  throw unexpected(value, "an integer");
}

/** The value of a TEXT column. */
export function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw unexpected(value, "a text");
}

/** The value of a BLOB column. */
export function blob(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw unexpected(value, "a blob");
}

/** The value of a column that may be NULL, or that was not asked for. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === null || value === undefined ? undefined : read(value);
}

function unexpected(value: unknown, expected: string): Error {
  return new Error(
    `A column of the task hub's file holds a ${typeof value} in place of ${expected}.`,
  );
}
