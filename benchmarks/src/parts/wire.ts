import type { Contender } from "../contender.ts";
import type { Figure, Part } from "../part.ts";

const peerWorker: Contender = {
  name: "@microsoft/durabletask-js 0.4.0, gRPC worker",
  program: "wire-orchestrations.ts",
  options: { worker: "peer-worker.ts" },
};

const withoutSessions: Contender = {
  name: "ours, sessions off",
  program: "wire-orchestrations.ts",
  options: { sessions: false },
  target: "rate 1.5 times, CPU a work item 2 times better",
};

const withSessions: Contender = {
  name: "ours",
  program: "wire-orchestrations.ts",
  target: "rate 3 times",
};

const overConnect: Contender = {
  name: "ours over Connect, sessions off",
  program: "wire-orchestrations.ts",
  options: { sessions: false, path: "connect" },
};

const workerFigures: readonly Figure[] = [
  { key: "orchestrationsPerSecond", heading: "orchestrations/s", better: "more" },
  { key: "workerMicrosPerItem", heading: "worker CPU µs a work item", better: "less" },
  { key: "serverMicrosPerOrchestration", heading: "server CPU µs each" },
  { key: "clientMicrosPerOrchestration", heading: "client CPU µs each" },
  { key: "p50", heading: "p50 ms", digits: 1 },
];

/** Workers, clients and servers in processes of their own, over loopback. */
export const wire: Part = {
  name: "wire",
  series: [
    {
      title:
        "5,000 orchestrations of 5 sequential activities on our server (SQLite, full sync), 64 in flight",
      work: { orchestrations: 5000, activities: 5, inFlight: 64, store: "sqlite" },
      contenders: [peerWorker, withoutSessions, withSessions, overConnect],
      figures: workerFigures,
    },
    {
      title: "one orchestration of one activity at a time, our server in memory",
      work: { orchestrations: 500, activities: 1, inFlight: 1, store: "memory" },
      contenders: [
        peerWorker,
        { ...withoutSessions, target: "p50 within 1 ms of its raw round trips" },
        { name: withSessions.name, program: withSessions.program },
      ],
      figures: [
        { key: "p50", heading: "p50 ms", digits: 2, better: "less" },
        ...workerFigures.slice(1, 4),
      ],
    },
    unarySeries("completions, 64 in flight", 20_000, 64),
    unarySeries("completions, one at a time", 5000, 1),
  ],
};

function unarySeries(title: string, calls: number, inFlight: number): Part["series"][number] {
  const program = "wire-unary.ts";
  return {
    title,
    work: { calls, inFlight },
    contenders: [
      {
        name: "grpc-js 1.14.7 to grpc-js",
        program,
        options: { client: "grpc-js", server: "grpc-js" },
      },
      { name: "ours to ours", program, target: "1 time" },
      { name: "ours to grpc-js", program, options: { server: "grpc-js" } },
      {
        name: "ours over Connect to grpc-js",
        program,
        options: { client: "connect", server: "grpc-js" },
      },
    ],
    figures: [
      { key: "callsPerSecond", heading: "calls/s", better: "more" },
      { key: "clientMicros", heading: "client CPU µs a call", better: "less" },
      { key: "serverMicros", heading: "server CPU µs a call" },
      { key: "p50", heading: "p50 ms", digits: 2 },
    ],
  };
}
