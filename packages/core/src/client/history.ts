import type { HistoryEvent as WireEvent } from "@durabletask/protobuf";
import { HistoryEventSchema } from "@durabletask/protobuf";
import { type JsonValue, toJson } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampToMs } from "../engine/timestamp.ts";

type WireType = Exclude<WireEvent["eventType"], { case: undefined }>;

/** A message of the wire as plain data: without its bookkeeping, and with `Date` for instants. */
type Plain<T> = {
  readonly [Key in keyof T as Key extends "$typeName" | "$unknown" ? never : Key]: PlainField<
    T[Key]
  >;
};

type PlainField<T> = T extends Timestamp
  ? Date
  : T extends readonly (infer Item)[]
    ? readonly PlainField<Item>[]
    : T extends { $typeName: string }
      ? Plain<T>
      : T;

/** What happened to an instance, one event: `type` tells which fields it has. */
export type HistoryEvent = WireType extends infer Type
  ? Type extends WireType
    ? {
        readonly type: Type["case"];
        /** The id of the action that this event records; -1 for what came from outside. */
        readonly eventId: number;
        readonly timestamp: Date;
      } & Plain<Type["value"]>
    : never
  : never;

/** An event of the wire as the client shows it; `undefined` for a kind that this version does not know. */
export function historyEventFromWire(event: WireEvent): HistoryEvent | undefined {
  const { eventType, eventId, timestamp } = event;
  if (eventType.case === undefined) return undefined;
  // Built from the message whose case is the type: field by field what HistoryEvent derives from it.
  return {
    type: eventType.case,
    eventId,
    timestamp: timestamp === undefined ? new Date(0) : new Date(timestampToMs(timestamp)),
    ...plainFields(eventType.value),
  } as HistoryEvent;
}

/** A history in the JSON form of the wire (proto3 JSON), which every SDK of the family can read. */
export function historyToJson(history: readonly WireEvent[]): JsonValue[] {
  return history.map((event) => toJson(HistoryEventSchema, event));
}

function plainFields(message: object): Record<string, unknown> {
  const fields = Object.entries(message).filter(([name]) => !name.startsWith("$"));
  return Object.fromEntries(fields.map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return isTimestamp(value) ? new Date(timestampToMs(value)) : plainFields(value);
}

function isTimestamp(value: object): value is Timestamp {
  return "$typeName" in value && value.$typeName === "google.protobuf.Timestamp";
}
