import { type Arbitrary, nat, oneof, record, uint8Array } from "fast-check";

/** Changes bytes as bad luck or malice would. Does not touch those that it is given. */
type Damage = (bytes: Uint8Array) => Uint8Array;

const place = nat();
const few = nat({ max: 12 });

/** Bytes that break off, differ, are too many or too few, or come twice. */
export const anyDamage: Arbitrary<Damage> = oneof(
  place.map(
    (at): Damage =>
      (bytes) =>
        bytes.subarray(0, at % (bytes.length + 1)),
  ),
  record({ at: place, value: nat({ max: 255 }) }).map(
    ({ at, value }): Damage =>
      (bytes) =>
        bytes.length === 0 ? bytes : bytes.with(at % bytes.length, value),
  ),
  record({ at: place, added: uint8Array({ minLength: 1, maxLength: 12 }) }).map(
    ({ at, added }): Damage =>
      (bytes) =>
        spliced(bytes, at % (bytes.length + 1), 0, added),
  ),
  record({ at: place, length: few }).map(
    ({ at, length }): Damage =>
      (bytes) =>
        spliced(bytes, at % (bytes.length + 1), length, new Uint8Array()),
  ),
  record({ at: place, length: few }).map(({ at, length }): Damage => (bytes) => {
    const start = at % (bytes.length + 1);
    return spliced(bytes, start, 0, bytes.subarray(start, start + length));
  }),
);

/** Puts bytes in the place of others. */
function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  return Uint8Array.of(...bytes.subarray(0, at), ...added, ...bytes.subarray(at + removed));
}
