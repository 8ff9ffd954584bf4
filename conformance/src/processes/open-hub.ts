import { DurableTaskError } from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

// Opens a task hub in a process of its own and says what came of it.
try {
  const hub = await openTaskHub(process.argv[2] ?? "");
  await hub.close();
  console.log(JSON.stringify({ code: "none", message: "" }));
} catch (error) {
  if (!(error instanceof DurableTaskError)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
