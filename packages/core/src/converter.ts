import { DurableTaskError } from "./errors.ts";

/**
 * Turns values into payloads (text on the wire and in history) and back. JSON unless told otherwise.
 *
 * Both functions must be pure: they run inside orchestrators.
 */
export interface PayloadConverter {
  /** The payload of a value; `undefined` is an absent payload. Throws what tells why a value cannot be carried. */
  serialize(value: unknown): string | undefined;
  /** The value of a payload. */
  deserialize(payload: string | undefined): unknown;
}

/** A value cannot be written as a payload: JSON has no BigInt, no NaN or Infinity, no cycles, no functions, no promises. */
export class PayloadNotSerializableError extends DurableTaskError {
  override name = "PayloadNotSerializableError";

  constructor(reason: string, options?: ErrorOptions) {
    super("PAYLOAD_NOT_SERIALIZABLE", `the value cannot be written as JSON: ${reason}`, options);
  }
}

/** A payload is not what the converter reads: somebody else wrote it, in another format. */
export class PayloadNotReadableError extends DurableTaskError {
  override name = "PayloadNotReadableError";

  constructor(payload: string, options?: ErrorOptions) {
    const start = payload.length > 80 ? `${payload.slice(0, 80)}...` : payload;
    super("PAYLOAD_NOT_READABLE", `the payload is not JSON: ${start}`, options);
  }
}

/** Plain JSON. An empty payload reads as `undefined`, since some SDKs send one where there is none. */
export const jsonConverter: PayloadConverter = {
  serialize(value) {
    if (value === undefined) return undefined;
    const payload = stringify(value);
    // JSON writes NaN and Infinity as null, and a promise as {}: only a payload that has one in it needs the slower look.
    if (payload.includes("null") || payload.includes("{}")) rejectLost(value);
    return payload;
  },
  deserialize(payload) {
    if (payload === undefined || payload === "") return undefined;
    try {
      return JSON.parse(payload);
    } catch (error) {
      throw new PayloadNotReadableError(payload, { cause: error });
    }
  },
};

function stringify(value: unknown): string {
  let payload: string | undefined;
  try {
    payload = JSON.stringify(value);
  } catch (error) {
    throw new PayloadNotSerializableError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
  if (payload === undefined) throw new PayloadNotSerializableError(`it is a ${typeof value}`);
  return payload;
}

/** What JSON would write as something else without a word. */
function rejectLost(value: unknown): void {
  JSON.stringify(value, (key, part: unknown) => {
    const flaw = flawOf(part);
    if (flaw !== undefined) {
      throw new PayloadNotSerializableError(
        key === "" ? `it is ${flaw}` : `'${key}' in it is ${flaw}`,
      );
    }
    return part;
  });
}

function flawOf(part: unknown): string | undefined {
  if (typeof part === "number" && !Number.isFinite(part)) return String(part);
  return part instanceof Promise ? "a promise: await it first" : undefined;
}
