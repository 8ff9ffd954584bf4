import type { Sha1 } from "./guid.ts";

/** Numbers from 0 up to, not including, 1: the same sequence for the same seed, for ever (E11). */
export type Random = () => number;

/** The generator sfc32 (Chris Doty-Humphrey, PractRand), seeded with a hash. Not for secrets. */
export function createRandom(sha1: Sha1, seed: string): Random {
  const hash = sha1(new Uint8Array(0), seed);
  const word = (index: number): number =>
    hash.slice(index * 4, index * 4 + 4).reduce((bits, byte) => (bits << 8) | byte, 0);
  let a = word(0);
  let b = word(1);
  let c = word(2);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next();
  return () => next() / 0x1_0000_0000;
}
