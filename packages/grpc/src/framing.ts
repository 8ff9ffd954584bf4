import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { TaskHubError } from "@durabletask/core";
import { encode } from "@durabletask/protobuf/codec";

/** A flag and a length of four bytes stand before each message. */
const prefixBytes = 5;

/** One message as it crosses the wire. */
export interface Frame {
  readonly isCompressed: boolean;
  /** A view: it keeps the chunk alive that it came in. */
  readonly data: Uint8Array;
}

/** A message with its prefix, uncompressed. Throws `RESOURCE_EXHAUSTED` if it is larger than `maxBytes`. */
export function encodeFrame<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  maxBytes: number,
): Buffer {
  const { buffer, byteOffset, byteLength } = encode(schema, message, prefixBytes);
  const length = byteLength - prefixBytes;
  if (length > maxBytes) throw tooLarge("sent", length, maxBytes);
  const frame = Buffer.from(buffer, byteOffset, byteLength);
  frame.writeUInt32BE(length, 1);
  return frame;
}

/** Cuts what comes in into frames. Linear in the bytes, however they are cut on the way. */
export class FrameReader {
  readonly #maxBytes: number;
  /** What has come and is not read, in order. */
  #chunks: Buffer[] = [];
  #bytes = 0;
  #expectedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that have come and are not read. */
  get unreadBytes(): number {
    return this.#bytes;
  }

  /** Bytes of the frame whose beginning has been read, prefix included; 0 if there is none. */
  get expectedBytes(): number {
    return this.#expectedBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /**
   * The next frame, if all of it has come. Throws `RESOURCE_EXHAUSTED` for one above the limit before it has come, and
   * `INTERNAL` for what is no frame.
   */
  read(): Frame | undefined {
    if (this.#bytes < prefixBytes) return undefined;
    const prefix = this.#head(prefixBytes);
    const flag = prefix[0] ?? 0;
    const length = prefix.readUInt32BE(1);
    if (flag > 1) {
      throw new TaskHubError(
        "INTERNAL",
        `the other side sent no gRPC: a message begins with ${flag}`,
      );
    }
    if (length > this.#maxBytes) throw tooLarge("received", length, this.#maxBytes);
    const end = prefixBytes + length;
    if (this.#bytes < end) {
      this.#expectedBytes = end;
      return undefined;
    }
    this.#expectedBytes = 0;
    const whole = this.#head(end);
    this.#skip(whole.length, end);
    return { isCompressed: flag === 1, data: whole.subarray(prefixBytes, end) };
  }

  /** Drops what is not read. */
  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#expectedBytes = 0;
  }

  /** The first chunk, made to hold so many bytes. */
  #head(bytes: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) return first;
    const joined = Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [joined];
    return joined;
  }

  #skip(ofBytes: number, bytes: number): void {
    this.#bytes -= bytes;
    const [first] = this.#chunks;
    if (bytes === ofBytes) this.#chunks.shift();
    else if (first !== undefined) this.#chunks[0] = first.subarray(bytes);
  }
}

/** The error of a message above a limit. */
export function tooLarge(what: "sent" | "received", bytes: number, maxBytes: number): TaskHubError {
  const option = what === "sent" ? "writeMaxBytes" : "readMaxBytes";
  const message = `a message of ${bytes} bytes is not ${what}: ${option} is ${maxBytes}`;
  return new TaskHubError("RESOURCE_EXHAUSTED", message);
}
