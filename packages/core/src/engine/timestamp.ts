import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** Milliseconds since 1970 of a timestamp; a fraction of a millisecond counts as a whole one, so that nothing is early. */
export function timestampToMs(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1000 + Math.ceil(timestamp.nanos / 1_000_000);
}

/** A timestamp of whole milliseconds. */
export function timestampFromMs(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000);
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: BigInt(seconds),
    nanos: (ms - seconds * 1000) * 1_000_000,
  };
}
