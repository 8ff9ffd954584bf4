import type { Part } from "../part.ts";
import { figuresOf, ours, peer } from "./replay.ts";

const lengths = [1000, 4000, 16_000];

/** Waiting for each of many tasks as they end: the tasks of a fan-out, ending in their order. */
export const combinators: Part = {
  name: "combinators",
  series: [
    {
      title: "whenEach, and whenAny in a loop over a shrinking array; the peer has whenAny only",
      work: { shape: "fan-out", activities: lengths },
      contenders: [
        peer("whenAny"),
        ours("generator whenEach", ">= 10 times at 4,000"),
        ours("whenEach", ">= 10 times at 4,000"),
        ours("generator whenAny", ">= 10 times at 4,000"),
        ours("whenAny", ">= 10 times at 4,000"),
      ],
      figures: figuresOf(lengths),
    },
  ],
};
