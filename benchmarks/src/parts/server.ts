import type { Part } from "../part.ts";

/** Our server, with the worker and the client that others use: three processes over loopback. */
export const server: Part = {
  name: "server",
  series: [
    {
      title:
        "@microsoft/durabletask-js 0.4.0's worker and client; 1,000 orchestrations of 5 activities, 64 in flight; then one at a time",
      work: {
        orchestrations: 1000,
        activities: 5,
        inFlight: 64,
        latencies: 200,
        fanOut: 1000,
        chain: 300,
      },
      contenders: [
        {
          name: "ours, SQLite with full sync",
          program: "server-of-ours.ts",
          target: "<= 2 ms of CPU; <= 3, 500 and 600 ms",
        },
        {
          name: "the same, the store inline",
          program: "server-of-ours.ts",
          options: { thread: false },
        },
        {
          name: "the same, everything through Connect",
          program: "server-of-ours.ts",
          options: { isLean: false },
        },
      ],
      figures: [
        { key: "orchestrationsPerSecond", heading: "orchestrations/s", better: "more" },
        { key: "serverCpuMs", heading: "server CPU ms each", digits: 2, better: "less" },
        { key: "latencyMs", heading: "ms of 1 activity", digits: 1 },
        { key: "fanOutMs", heading: "ms of a fan-out of 1,000" },
        { key: "chainMs", heading: "ms of a chain of 300" },
        { key: "chainWorkerCpuMs", heading: "of these, CPU ms of the peer's worker" },
      ],
    },
  ],
};
