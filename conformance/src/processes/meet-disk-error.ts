import { execFileSync } from "node:child_process";
import { TaskHubError } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { openTaskHub } from "@durabletask/sqlite";

// Lets a task hub meet a real I/O error in a commit: no file of this process may grow beyond a limit for a while. Says
// what callers met, and which instances are there afterwards.
const limit = (bytes: string) =>
  execFileSync("/usr/bin/prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:`]);
// Without a listener the process would die of the signal that comes with the error.
process.on("SIGXFSZ", () => undefined);

const errors: unknown[] = [];
const hub = await openTaskHub(process.argv[2] ?? "", {
  logger: { error: ({ error }) => void errors.push(error) },
  thread: process.argv[3] === "true",
});
const service = createTaskHubService(hub);
const start = async (instanceId: string) => {
  try {
    await service.startInstance({ instanceId, name: "main", input: "x".repeat(300_000) });
    return "started";
  } catch (error) {
    if (!(error instanceof TaskHubError)) throw error;
    return error.code;
  }
};
const met = { before: await start("before"), during: "", after: "" };
limit("400000");
met.during = await start("during");
limit("unlimited");
// The hub tries again with a growing delay.
for (const began = Date.now(); met.after !== "started" && Date.now() - began < 20_000;) {
  met.after = await start("after");
  if (met.after !== "started") await new Promise((resolve) => setTimeout(resolve, 50));
}
const { orchestrationState } = await service.queryInstances({ query: {} });
const ids = orchestrationState.map(({ instanceId }) => instanceId);
await hub.close();
const [cause] = errors;
const code =
  cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 0xff : undefined;
console.log(JSON.stringify({ met, ids, code }));
