import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

let lastMs = NaN;
let last: Timestamp;

/** The instant as the wire has it. Calls within one millisecond share the message. */
export function toTimestamp(ms: number): Timestamp {
  if (ms !== lastMs) {
    const seconds = Math.floor(ms / 1000);
    last = {
      $typeName: "google.protobuf.Timestamp",
      seconds: BigInt(seconds),
      nanos: Math.round((ms - seconds * 1000) * 1_000_000),
    };
    lastMs = ms;
  }
  return last;
}

/** Milliseconds since 1970, rounded up: what waits for the instant is never early (rule 19). */
export function toMs(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1000 + Math.ceil(timestamp.nanos / 1_000_000);
}

/** Milliseconds that a duration on the wire lasts. */
export function durationMs({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1000 + nanos / 1_000_000;
}
