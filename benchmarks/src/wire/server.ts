import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryTaskHub } from "@durabletask/backend";
import { serve } from "@durabletask/server";
import { serveThroughConnect } from "@durabletask/server/spi";
import { openTaskHub } from "@durabletask/sqlite";
import { workFromArguments } from "../measurement.ts";
import { answerQuestions } from "./process.ts";

interface Setting {
  readonly store: "memory" | "sqlite";
  /** Whether SQLite runs in a thread of its own. */
  readonly thread: boolean;
  /** Whether plain gRPC takes the lean way, or goes through Connect. */
  readonly isLean: boolean;
}

// A server process: our task hub, in memory or on a SQLite file with full sync.
const { store, thread, isLean } = workFromArguments<Setting>({
  store: "sqlite",
  thread: true,
  isLean: true,
});
const folder = mkdtempDisposableSync(
  join(process.env["BENCH_DIR"] ?? tmpdir(), "durabletask-wire-"),
);
const hub =
  store === "memory"
    ? await openMemoryTaskHub()
    : await openTaskHub(join(folder.path, "tasks.db"), { synchronous: "full", thread });
const open = isLean ? serve : serveThroughConnect;
const server = await open(() => hub);
answerQuestions(
  { url: server.url },
  {
    stop: async () => {
      await server.close();
      await hub.close();
      folder.remove();
      return {};
    },
  },
);
