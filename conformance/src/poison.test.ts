import { fileURLToPath } from "node:url";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { openTaskHub } from "@durabletask/sqlite";
import { Program } from "@durabletask/test-kit";
import { expect, it } from "vitest";
import { temporaryFile } from "./temporary-file.ts";

const program = fileURLToPath(new URL("./processes/run-poison.ts", import.meta.url));
const ids = ["doomed", "sound-1", "sound-2", "sound-3"];

it("rule 9: a hub whose process an activity kills each time comes up, fails it at its limit, and finishes the rest", async () => {
  const file = temporaryFile();
  const hub = await openTaskHub(file, { logger: silentLogger });
  for (const instanceId of ids) {
    const name = instanceId.split("-")[0] ?? "";
    await createTaskHubService(hub).startInstance({ instanceId, name });
  }
  await hub.close();
  const ends = [];
  for (let life = 0; life < 10 && ends.at(-1) !== 0; life++) {
    const { exit } = await Program.start([program, file]).ended;
    ends.push(exit);
  }
  // Once unsuspected, twice in company, twice alone.
  expect(ends).toEqual(["SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL", 0]);
  const again = await openTaskHub(file, { logger: silentLogger });
  const outputs = [];
  for (const instanceId of ids) {
    const request = { instanceId, getInputsAndOutputs: true };
    const { orchestrationState } = await createTaskHubService(again).getInstance(request);
    expect(orchestrationState?.orchestrationStatus).toBe(OrchestrationStatus.COMPLETED);
    outputs.push(orchestrationState?.output);
  }
  expect(outputs).toEqual([expect.stringMatching(/ended 2 times.* 2,4"$/u), "20", "20", "20"]);
  await again.close();
}, 60_000);
