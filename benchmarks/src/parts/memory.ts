import type { Contender } from "../contender.ts";
import type { Part } from "../part.ts";

const flags = ["--expose-gc"];

/** What an instance holds in memory that waits for an event from outside. */
export const memory: Part = {
  name: "memory",
  series: [
    {
      title:
        "10,000 instances that wait for an event; ours as sessions in a worker, the peer's in its backend",
      work: { instances: 10_000 },
      contenders: [
        { name: "@microsoft/durabletask-js 0.4.0, in memory", program: "peer-parked.ts", flags },
        { ...ours("async"), target: "<= 2 600 bytes" },
        { ...ours("generator"), target: "<= 2 600 bytes" },
      ],
      figures: [{ key: "bytesEach", heading: "bytes of heap each", better: "less" }],
    },
  ],
};

function ours(style: string): Contender {
  return { name: `ours, ${style}`, program: "ours-parked.ts", options: { style }, flags };
}
