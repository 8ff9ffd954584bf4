// A server of ours on a SQLite file with full sync; the argument says which way plain gRPC takes. Says where it is, and on each message how much it has used so far.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@durabletask/core";
import { serve } from "@durabletask/server";
import { serveThroughConnect } from "@durabletask/server/spi";
import { openTaskHub } from "@durabletask/sqlite";

// The temporary folder of some systems is memory, where a sync costs nothing: BENCH_DIR names a folder on a disk.
const folder = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "durabletask-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true }));
const hub = await openTaskHub(join(folder, "tasks.db"), { logger: silentLogger });
const open = process.argv[2] === "Connect" ? serveThroughConnect : serve;
const server = await open(() => hub, { logger: silentLogger });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, commits: hub.stats().commits });
});
process.once("disconnect", () => process.exit());
process.send?.({ url: server.url });
