import type { DescMessage, MessageShape, UnknownField } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { readText } from "./text.ts";
import { unusual } from "./unusual.ts";

/** How deep messages may be nested that protobuf-es reads: its own 100, less what lies around them. */
const recursionLimit = 90;

const words = new DataView(new ArrayBuffer(8));

/**
 * Reads what encoders usually write, value by value, and throws at everything else.
 *
 * May read beyond the end of the message it is in, and of the bytes: whoever reads that message calls `leave` when done.
 */
export class Reader {
  /** Where the next byte is. */
  at = 0;
  readonly #bytes: Uint8Array;
  /** The words of the last 64-bit number, and that number: most times of a history are in the same few seconds. */
  #low = 0;
  #high = 0;
  #int64 = 0n;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Number and wire type of the next field. */
  tag(): number {
    const first = this.#bytes[this.at] ?? 0x80;
    if (first < 0x80) {
      this.at += 1;
      return first;
    }
    const start = this.at;
    const tag = this.uint32();
    // Five bytes may say more than fits.
    if (this.at - start > 4) throw unusual;
    return tag;
  }

  /** Reads a length. Gives where that ends which has it. */
  end(): number {
    const length = this.uint32();
    return this.at + length;
  }

  /** Ends a message, which must not have reached beyond its end. */
  leave(end: number): void {
    if (this.at !== end) throw unusual;
  }

  uint32(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++] ?? 0x80;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = bytes[this.at++] ?? 0x80;
      // A negative number has ten bytes. Those after the fifth repeat its sign.
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw unusual;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    const byte = this.#bytes[this.at++] ?? 0x80;
    if (byte > 0x7f) throw unusual;
    return byte !== 0;
  }

  int64(): bigint {
    const bytes = this.#bytes;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.at++] ?? 0x80;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) return this.#join(low, high);
    }
    throw unusual;
  }

  string(): string {
    const end = this.end();
    const start = this.at;
    this.at = end;
    return readText(this.#bytes, start, end);
  }

  /** The value of a `google.protobuf.StringValue`. */
  stringValue(): string {
    const end = this.end();
    if (this.at === end) return "";
    if (this.tag() !== 0x0a) throw unusual;
    const value = this.string();
    this.leave(end);
    return value;
  }

  /** The value of a `google.protobuf.Int32Value`. */
  int32Value(): number {
    const end = this.end();
    if (this.at === end) return 0;
    if (this.tag() !== 0x08) throw unusual;
    const value = this.int32();
    this.leave(end);
    return value;
  }

  /** One entry of a `map<string, string>`. */
  stringEntry(record: Record<string, string>): void {
    const end = this.end();
    const key = this.#key();
    if (this.tag() !== 0x12) throw unusual;
    const value = this.string();
    this.leave(end);
    record[key] = value;
  }

  /** One entry of a map of `google.protobuf.Value`. */
  valueEntry(record: Record<string, Value>): void {
    const end = this.end();
    const key = this.#key();
    if (this.tag() !== 0x12) throw unusual;
    const value = this.#value();
    this.leave(end);
    record[key] = value;
  }

  /** One entry of a map of messages. */
  messageEntry<Desc extends DescMessage>(
    schema: Desc,
    record: Record<string, MessageShape<Desc>>,
  ): void {
    const end = this.end();
    const key = this.#key();
    if (this.tag() !== 0x12) throw unusual;
    const value = this.message(schema);
    this.leave(end);
    record[key] = value;
  }

  /** A message for which there is no code of its own. */
  message<Desc extends DescMessage>(schema: Desc): MessageShape<Desc> {
    const end = this.end();
    const bytes = this.#bytes.subarray(this.at, end);
    this.at = end;
    return fromBinary(schema, bytes, { recursionLimit });
  }

  /** Keeps a field of a number that is higher than all that are known. */
  unknown(tag: number, highest: number, fields: UnknownField[] | undefined): UnknownField[] {
    const no = tag >>> 3;
    if (no <= highest) throw unusual;
    const wireType = tag & 7;
    const start = this.at;
    this.#skip(wireType);
    const field = { no, wireType, data: this.#bytes.subarray(start, this.at) };
    if (fields === undefined) return [field];
    fields.push(field);
    return fields;
  }

  #value(): Value {
    const { at } = this;
    const end = this.end();
    const kind = this.at < end ? this.#kindOfValue() : undefined;
    if (kind !== undefined) {
      this.leave(end);
      return { $typeName: "google.protobuf.Value", kind };
    }
    this.at = at;
    return this.message(ValueSchema);
  }

  /** What has no parts. Lists and the like are left to protobuf-es. */
  #kindOfValue(): Value["kind"] | undefined {
    switch (this.tag()) {
      case 0x11:
        return { case: "numberValue", value: this.#double() };
      case 0x1a:
        return { case: "stringValue", value: this.string() };
      case 0x20:
        return { case: "boolValue", value: this.bool() };
      default:
        return undefined;
    }
  }

  #double(): number {
    const start = this.at;
    this.at += 8;
    // Throws at what breaks off.
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + start, 8).getFloat64(0, true);
  }

  #key(): string {
    if (this.tag() !== 0x0a) throw unusual;
    const key = this.string();
    if (key === "__proto__") throw unusual;
    return key;
  }

  #skip(wireType: number): void {
    if (wireType === 0) this.uint32();
    else if (wireType === 1) this.at += 8;
    else if (wireType === 2) this.at = this.end();
    else if (wireType === 5) this.at += 4;
    else throw unusual;
  }

  #join(low: number, high: number): bigint {
    if (low !== this.#low || high !== this.#high) {
      words.setInt32(0, low, true);
      words.setInt32(4, high, true);
      this.#low = low;
      this.#high = high;
      this.#int64 = words.getBigInt64(0, true);
    }
    return this.#int64;
  }
}
