import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTaskHub } from "@durabletask/sqlite";
import { measureOurs } from "../ours-throughput.ts";

// The temporary folder of some systems is memory, where a sync costs nothing: BENCH_DIR names a folder on a disk.
const folder = await mkdtemp(join(process.env["BENCH_DIR"] ?? tmpdir(), "durabletask-bench-"));
try {
  await measureOurs(await openTaskHub(join(folder, "tasks.db"), { synchronous: "full" }), "async");
} finally {
  await rm(folder, { recursive: true });
}
