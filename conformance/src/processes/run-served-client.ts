import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { silentLogger, TaskHubClient } from "@durabletask/core";
import { createGrpcTransport } from "@durabletask/grpc";

// Starts orchestrations on a server that comes and goes, until somebody kills it. Each start that was acknowledged is written to a
// journal: `start <id>`.
const [baseUrl = "", journal = ""] = process.argv.slice(2);
const client = new TaskHubClient(createGrpcTransport({ baseUrl }), { logger: silentLogger });

const start = async (instanceId: string): Promise<void> => {
  await client.scheduleNewOrchestration("parent", undefined, { instanceId });
  appendFileSync(journal, `start ${instanceId}\n`);
  await client.waitForOrchestrationStart(instanceId);
};
const lane = async (name: number): Promise<void> => {
  for (let index = 0; ; index++) {
    // Whether it took effect is unknown, and does not matter: nobody was told.
    await start(`served-${name}-${index}`).catch(() => setTimeout(20));
  }
};
await Promise.all([lane(0), lane(1), lane(2)]);
