import type { Contender } from "../contender.ts";
import type { Figure, Part } from "../part.ts";

const lengths = [10_000, 100_000];

/** One turn with a long past, in a worker without sessions: all of it is replayed. */
export const replay: Part = {
  name: "replay",
  series: [
    {
      title: "a chain of activities, events decoded",
      work: { shape: "chain", activities: lengths },
      contenders: [peer("chain"), ours("generator", ">= 10 times"), ours("async", ">= 3 times")],
      figures: figuresOf(lengths),
    },
    {
      title: "a fan-out of activities, events decoded",
      work: { shape: "fan-out", activities: lengths },
      contenders: [
        peer("whenAll"),
        ours("generator whenAll", ">= 3 times"),
        ours("whenAll", ">= 3 times"),
        ours("Promise.all", ">= 1.3 times"),
      ],
      figures: figuresOf(lengths),
    },
    {
      title: "a chain of activities, from bytes",
      work: { shape: "chain", activities: [10_000], isDecoding: true },
      contenders: [peer("chain"), ours("generator", ">= 6 times")],
      figures: figuresOf([10_000]),
    },
    {
      title: "a fan-out of activities, from bytes",
      work: { shape: "fan-out", activities: [10_000], isDecoding: true },
      contenders: [peer("whenAll"), ours("generator whenAll", ">= 6 times")],
      figures: figuresOf([10_000]),
    },
  ],
};

/** The executor of the peer, with an orchestrator of one of its styles. */
export function peer(style: string): Contender {
  return {
    name: `@microsoft/durabletask-js 0.4.0, ${style}`,
    program: "peer-replay.ts",
    options: { style },
  };
}

/** Our worker, with an orchestrator of one of its styles. */
export function ours(style: string, target: string): Contender {
  return { name: `ours, ${style}`, program: "ours-replay.ts", options: { style }, target };
}

/** Times and CPU times of each length, and how they grow from one to the next. */
export function figuresOf(activities: readonly number[]): Figure[] {
  return activities.flatMap((length, index) => [
    { key: `ms of ${length}`, heading: `ms of ${length}`, digits: 1, better: "less" },
    { key: `CPU ms of ${length}`, heading: `CPU ms of ${length}`, digits: 1, better: "less" },
    ...(index === 0
      ? []
      : [{ key: `growth to ${length}`, heading: `growth to ${length}`, digits: 1 }]),
  ]);
}
