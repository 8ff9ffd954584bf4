import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedTaskHub } from "@durabletask/backend";
import { createSqliteStore } from "@durabletask/sqlite";
import { workFromArguments } from "../measurement.ts";
import { measureOurs } from "../ours-throughput.ts";
import { slowed } from "../slow-store.ts";

const { thread, slowerMs } = workFromArguments({ thread: true, slowerMs: 0 });
const folder = await mkdtemp(join(process.env["BENCH_DIR"] ?? tmpdir(), "durabletask-bench-"));
try {
  const store = createSqliteStore(join(folder, "tasks.db"), { thread });
  await measureOurs(await openEmbeddedTaskHub(slowed(store, slowerMs, thread)), "async");
} finally {
  await rm(folder, { recursive: true });
}
