import type { DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import { toBinary } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { writeText } from "./text.ts";
import { unusual } from "./unusual.ts";
import { varintBytes, writeVarint } from "./varint.ts";

const words = new DataView(new ArrayBuffer(8));

/**
 * Writes messages as hubs and workers usually make them, value by value, and throws at everything else. Writes over the bytes that it
 * is given, and leaves them for longer ones where they do not suffice.
 */
export class Writer {
  #bytes: Uint8Array;
  #at: number;

  /** Begins after so many zeros. */
  constructor(bytes: Uint8Array, freeBytes: number) {
    this.#bytes = bytes;
    this.#at = freeBytes;
    this.#reserve(0);
    this.#bytes.fill(0, 0, freeBytes);
  }

  /** A copy of all that is written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  /** A message with nothing in it but what its type says. */
  expect(message: Message, typeName: string): void {
    if (message.$typeName !== typeName || message.$unknown !== undefined) throw unusual;
    if (Object.getPrototypeOf(message) !== Object.prototype) throw unusual;
  }

  int32(tag: number, value: number): void {
    if (typeof value !== "number" || (value | 0) !== value) throw unusual;
    this.#reserve(15);
    this.#varint(tag);
    if (value >= 0) this.#varint(value);
    else this.#varint64(value | 0, -1);
  }

  bool(tag: number, value: boolean): void {
    if (typeof value !== "boolean") throw unusual;
    this.#reserve(6);
    this.#varint(tag);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  int64(tag: number, value: bigint): void {
    if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) throw unusual;
    words.setBigInt64(0, value, true);
    this.#reserve(15);
    this.#varint(tag);
    this.#varint64(words.getInt32(0, true), words.getInt32(4, true));
  }

  string(tag: number, value: string): void {
    if (typeof value !== "string") throw unusual;
    this.#reserve(10 + 3 * value.length);
    this.#varint(tag);
    this.#at = writeText(this.#bytes, this.#at, value);
  }

  /** A `google.protobuf.StringValue`. */
  stringValue(tag: number, value: string): void {
    const start = this.begin(tag);
    if (value !== "") this.string(0x0a, value);
    this.end(start);
  }

  /** A `google.protobuf.Int32Value`. */
  int32Value(tag: number, value: number): void {
    const start = this.begin(tag);
    if (value !== 0) this.int32(0x08, value);
    this.end(start);
  }

  /** A `map<string, string>`. */
  stringEntries(tag: number, record: Readonly<Record<string, string>>): void {
    for (const key of Object.keys(record)) {
      const start = this.begin(tag);
      this.string(0x0a, key);
      this.string(0x12, record[key] as string);
      this.end(start);
    }
  }

  /** A map of `google.protobuf.Value`. */
  valueEntries(tag: number, record: Readonly<Record<string, Value>>): void {
    for (const key of Object.keys(record)) {
      const start = this.begin(tag);
      this.string(0x0a, key);
      this.#value(0x12, record[key] as Value);
      this.end(start);
    }
  }

  /** A map of messages. */
  messageEntries<Desc extends DescMessage>(
    tag: number,
    schema: Desc,
    record: Readonly<Record<string, MessageShape<Desc>>>,
  ): void {
    for (const key of Object.keys(record)) {
      const start = this.begin(tag);
      this.string(0x0a, key);
      this.message(0x12, schema, record[key] as MessageShape<Desc>);
      this.end(start);
    }
  }

  /** A message for which there is no code of its own. */
  message<Desc extends DescMessage>(tag: number, schema: Desc, message: MessageShape<Desc>): void {
    const bytes = toBinary(schema, message);
    this.#reserve(10 + bytes.length);
    this.#varint(tag);
    this.#varint(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Begins a message in a message. Gives where it starts, which is for `end`. */
  begin(tag: number): number {
    this.#reserve(6);
    this.#varint(tag);
    // A byte for its length: most are as short.
    this.#at += 1;
    return this.#at;
  }

  end(start: number): void {
    const length = this.#at - start;
    if (length > 0x7f) this.#widen(start, length);
    else this.#bytes[start - 1] = length;
  }

  /** Makes room for a length that does not fit the byte that is kept for it. */
  #widen(start: number, length: number): void {
    this.#reserve(4);
    const lengthBytes = varintBytes(length);
    this.#bytes.copyWithin(start - 1 + lengthBytes, start, this.#at);
    this.#at = start - 1;
    this.#varint(length);
    this.#at += length;
  }

  /** Lists and the like are left to protobuf-es. */
  #value(tag: number, message: Value): void {
    const { kind } = message;
    switch (kind.case) {
      case "numberValue":
      case "stringValue":
      case "boolValue": {
        this.expect(message, "google.protobuf.Value");
        const start = this.begin(tag);
        if (kind.case === "numberValue") this.#double(0x11, kind.value);
        else if (kind.case === "stringValue") this.string(0x1a, kind.value);
        else this.bool(0x20, kind.value);
        this.end(start);
        return;
      }
      default:
        this.message(tag, ValueSchema, message);
    }
  }

  #double(tag: number, value: number): void {
    if (typeof value !== "number") throw unusual;
    words.setFloat64(0, value, true);
    this.#reserve(13);
    this.#varint(tag);
    for (let i = 0; i < 8; i += 1) this.#bytes[this.#at++] = words.getUint8(i);
  }

  #varint(value: number): void {
    this.#at = writeVarint(this.#bytes, this.#at, value);
  }

  #varint64(low: number, high: number): void {
    let l = low >>> 0;
    let h = high >>> 0;
    while (h > 0 || l > 0x7f) {
      this.#bytes[this.#at++] = (l & 0x7f) | 0x80;
      l = ((l >>> 7) | (h << 25)) >>> 0;
      h >>>= 7;
    }
    this.#bytes[this.#at++] = l;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
