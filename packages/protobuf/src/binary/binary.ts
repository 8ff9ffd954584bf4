import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { codecs } from "../gen/orchestrator_service_codec.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/**
 * What is encoded is written here, and copied once it is known how long it is: to make new room for each small message takes longer than
 * to write it. Lent to one writer at a time, since a getter in a message may encode another. What is in it means nothing.
 */
const room: { free: Uint8Array | undefined } = { free: new Uint8Array(16_384) };

/** What `fromBinary` of protobuf-es gives or throws, faster for messages on the way of work items. */
export function decode<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
): MessageShape<Desc> {
  return decodeUsual(schema, bytes) ?? fromBinary(schema, bytes);
}

/**
 * What `toBinary` of protobuf-es gives or throws, faster for messages on the way of work items. Leaves `freeBytes` zeros before
 * it.
 */
export function encode<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  freeBytes = 0,
): Uint8Array {
  return encodeUsual(schema, message, freeBytes) ?? encodeAny(schema, message, freeBytes);
}

/** Decodes by generated code only, where there is some and the bytes are as encoders usually write them. */
export function decodeUsual<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
): MessageShape<Desc> | undefined {
  const codec = codecs.get(schema);
  if (codec === undefined) return undefined;
  try {
    return codec.read(new Reader(bytes), bytes.length) as MessageShape<Desc>;
  } catch {
    // Whatever it is: protobuf-es says it in its own words, or knows better.
    return undefined;
  }
}

/** Encodes by generated code only, where there is some and the message is as usual. */
export function encodeUsual<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  freeBytes: number,
): Uint8Array | undefined {
  const codec = codecs.get(schema);
  if (codec === undefined) return undefined;
  const lent = room.free;
  room.free = undefined;
  try {
    const writer = new Writer(lent ?? new Uint8Array(256), freeBytes);
    codec.write(writer, message as never);
    return writer.finish();
  } catch {
    // As above.
    return undefined;
  } finally {
    room.free ??= lent;
  }
}

function encodeAny<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  freeBytes: number,
): Uint8Array {
  const bytes = toBinary(schema, message);
  if (freeBytes === 0) return bytes;
  const whole = new Uint8Array(freeBytes + bytes.length);
  whole.set(bytes, freeBytes);
  return whole;
}
