import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTaskHub } from "@durabletask/sqlite";
import { measureLoads } from "../loads.ts";
import { workFromArguments } from "../measurement.ts";
import { measureOurs } from "../ours-throughput.ts";

const { thread, ...loads } = workFromArguments({
  thread: true,
  orchestrations: 2000,
  activities: 5,
  inFlights: [16, 64, 256],
});
const folder = await mkdtemp(join(process.env["BENCH_DIR"] ?? tmpdir(), "durabletask-bench-"));
try {
  const hub = await openTaskHub(join(folder, "tasks.db"), { synchronous: "full", thread });
  await measureOurs(hub, "async", (_, runOne, counts) => measureLoads(loads, runOne, counts));
} finally {
  await rm(folder, { recursive: true });
}
