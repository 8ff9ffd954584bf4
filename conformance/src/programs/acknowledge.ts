// Run by sync-trace.test.ts under a tracer of system calls: says on stdout when a call was acknowledged.
import { writeSync } from "node:fs";
import { TaskHubClient } from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

await using hub = await openTaskHub(process.argv[2] ?? "", { thread: process.argv[3] === "true" });
const client = new TaskHubClient(hub);
for (let n = 0; n < 5; n += 1) {
  const id = await client.scheduleNewOrchestration("nobody runs this", n);
  writeSync(1, `acknowledged start ${n}\n`);
  await client.raiseOrchestrationEvent(id, "event", n);
  writeSync(1, `acknowledged event ${n}\n`);
}
