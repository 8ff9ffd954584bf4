import { silentLogger, TaskHubClient } from "@durabletask/core";
import { createGrpcTransport } from "@durabletask/grpc";
import { workFromArguments } from "../measurement.ts";
import { median } from "../statistics.ts";
import { answerQuestions } from "./process.ts";

// The client process, ours for every worker.
const { url, activities, orchestrations, inFlight } = workFromArguments({
  url: "http://localhost:4001",
  activities: 5,
  orchestrations: 1000,
  inFlight: 64,
});

const client = new TaskHubClient(createGrpcTransport({ baseUrl: url }), { logger: silentLogger });
const expected = (activities * (activities - 1)) / 2;
const latencies: number[] = [];

async function runOne(): Promise<void> {
  const begin = performance.now();
  const id = await client.scheduleNewOrchestration("sequence");
  const { output } = await client.waitForOrchestrationCompletion(id);
  latencies.push(performance.now() - begin);
  if (output !== expected) throw new Error(`the output is ${String(output)}, not ${expected}`);
}

async function run(count: number): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await runOne();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

answerQuestions(
  {},
  {
    warmUp: async () => {
      await run(Math.ceil(orchestrations / 5));
      latencies.length = 0;
      return {};
    },
    measure: async () => {
      const begin = performance.now();
      await run(orchestrations);
      const seconds = (performance.now() - begin) / 1000;
      return { orchestrationsPerSecond: orchestrations / seconds, p50: median(latencies) };
    },
  },
);
