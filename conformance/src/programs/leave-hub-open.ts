// Run by store-thread.test.ts: opens a hub and ends without closing it, in the middle of a commit.
import { createTaskHubService } from "@durabletask/core/spi";
import { openTaskHub } from "@durabletask/sqlite";

const hub = await openTaskHub(process.argv[2] ?? "");
const service = createTaskHubService(hub);
await service.startInstance({ instanceId: "acknowledged", name: "nobody runs this" });
void service.startInstance({ instanceId: "under way", name: "nobody runs this" });
console.log("left");
