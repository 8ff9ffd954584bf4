/** SHA-1 of some bytes followed by the UTF-8 bytes of a text. */
export type Sha1 = (prefix: Uint8Array, text: string) => Uint8Array;

/** Namespace of the family's GUIDs (9e952958-5e33-4daf-827f-2fa12937b875), as in .NET, Java and JavaScript. */
const namespace: Uint8Array = Uint8Array.of(
  0x9e,
  0x95,
  0x29,
  0x58,
  0x5e,
  0x33,
  0x4d,
  0xaf,
  0x82,
  0x7f,
  0x2f,
  0xa1,
  0x29,
  0x37,
  0xb8,
  0x75,
);

/** A name-based GUID (version 5, RFC 9562): the same name gives the same GUID for ever (E11). */
function nameBasedGuid(sha1: Sha1, name: string): string {
  const bytes = sha1(namespace, name).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The seed of all that an execution derives; a hub that sends no execution id gives the instant of its start instead. */
export function derivationSeed(instanceId: string | undefined, execution: string | number): string {
  return `${instanceId}:${execution}`;
}

/** One of the GUIDs of an execution: those of one purpose are counted (E3). */
export function derivedGuid(sha1: Sha1, seed: string, purpose: string, counter: number): string {
  return nameBasedGuid(sha1, `${seed}:${purpose}:${counter}`);
}
