// What must hold of packages that are bundled: run by check-consumer.ts, which looks at what it prints.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { InvalidArgumentError } from "@durabletask/core";
import { durationToMs } from "@durabletask/core/spi";
import { decode, encode } from "@durabletask/protobuf/codec";
import * as shared from "@durabletask/protobuf/spi";
import { HistoryEventSchema } from "@durabletask/protobuf";

// Two entry points share the classes that both know.
try {
  durationToMs({ seconds: -1 });
} catch (error) {
  console.log(error instanceof InvalidArgumentError);
}

// Our copy of protobuf-es, the application's and generated code read each other's messages.
const init = { eventId: 3, timestamp: { seconds: 7n, nanos: 1 } };
const theirs = create(HistoryEventSchema, init);
const ours = shared.create(HistoryEventSchema, init);
const bytes = [theirs, ours].flatMap((message) => [
  toBinary(HistoryEventSchema, message),
  shared.toBinary(HistoryEventSchema, message),
  encode(HistoryEventSchema, message),
]);
const messages = bytes.flatMap((each) => [
  fromBinary(HistoryEventSchema, each),
  shared.fromBinary(HistoryEventSchema, each),
  decode(HistoryEventSchema, each),
]);
console.log(messages.every(({ eventId, timestamp }) => eventId === 3 && timestamp?.seconds === 7n));
