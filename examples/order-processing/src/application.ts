// The order-processing application: one process with its task hub, a worker, a client, and the manager who approves.
// It knows nothing of being killed. Started again on the same files it does the same, and goes on where it was.
//
//     node src/application.ts <orders file> <folder of its files>
import { openTaskHub } from "@durabletask/sqlite";
import { demoFiles } from "./demo-files.ts";
import { Ledger } from "./ledger.ts";
import { readOrders } from "./orders.ts";
import { ParentProcess } from "./parent-process.ts";
import { ShopClient } from "./shop-client.ts";
import { ShopWorker } from "./shop-worker.ts";

const [ordersFile = "", folder = ""] = process.argv.slice(2);
const begunAt = performance.now();
const files = demoFiles(folder);
await using hub = await openTaskHub(files.hub);
using ledger = new Ledger(files.ledger);
await using worker = await ShopWorker.start(hub, ledger);
const openedInMs = performance.now() - begunAt;
const client = new ShopClient(hub, ledger);
await client.lookBack();

const parent = new ParentProcess(() => ({
  ended: client.ended,
  steps: ledger.runs(),
  waiting: ledger.openApprovals().length,
  replays: worker.replays,
  openedInMs,
}));
await parent.keepTold();
await client.processOrders(await readOrders(ordersFile));
await parent.leave();
