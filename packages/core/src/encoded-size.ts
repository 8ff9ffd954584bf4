/** Tag, length and what else a field takes at most beside its content. */
const fieldBytes = 12;

/** What a message, or a part of one, takes at most on the wire: cheaper than to encode it, and never less. */
export function maxEncodedBytes(value: unknown): number {
  if (typeof value === "string") return fieldBytes + textBytes(value);
  if (typeof value !== "object" || value === null) return fieldBytes;
  if (value instanceof Uint8Array) return fieldBytes + value.byteLength;
  let bytes = fieldBytes;
  for (const name in value) {
    const field: unknown = Reflect.get(value, name);
    // Names count, since the keys of maps are sent.
    if (field !== undefined) bytes += name.length * 3 + maxEncodedBytes(field);
  }
  return bytes;
}

/** A UTF-16 unit takes at most three bytes; long texts are counted. */
function textBytes(text: string): number {
  return text.length < 256 ? text.length * 3 : Buffer.byteLength(text);
}
