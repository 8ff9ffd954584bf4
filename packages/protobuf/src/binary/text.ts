import { varintBytes, writeVarint } from "./varint.ts";

// The decoder and the encoder of the platform take so long to be called that short texts are faster done here, a character at a time.

const shortestDecoded = 25;
const shortestEncoded = 49;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** A text from its UTF-8. Throws for what is none. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length >= shortestDecoded) return decoder.decode(bytes.subarray(start, end));
  // oxlint-disable-next-line unicorn/no-new-array -- of a known length, without holes once it is filled
  const codes = new Array<number>(length);
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[start + i] ?? 0x80;
    if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end));
    codes[i] = byte;
  }
  return String.fromCharCode(...codes);
}

/** Writes a text after its length. There has to be room for 5 bytes and 3 a character. Gives where the next byte comes. */
export function writeText(bytes: Uint8Array, start: number, text: string): number {
  const { length } = text;
  if (length >= shortestEncoded) return writeLongText(bytes, start, text);
  let at = start;
  bytes[at++] = length;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return writeLongText(bytes, start, text);
    bytes[at++] = code;
  }
  return at;
}

function writeLongText(bytes: Uint8Array, start: number, text: string): number {
  // As if it were ASCII. Where the length takes more bytes than that, the text moves.
  const expected = start + varintBytes(text.length);
  const { written } = encoder.encodeInto(text, bytes.subarray(expected));
  const begin = start + varintBytes(written);
  if (begin !== expected) bytes.copyWithin(begin, expected, expected + written);
  writeVarint(bytes, start, written);
  return begin + written;
}
