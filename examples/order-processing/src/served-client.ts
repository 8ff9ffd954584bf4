// The client of the shop, and its manager, as a process of its own, on a task hub behind a server. It outlives the server: what it
// waits for it waits for again.
//
//     node src/served-client.ts <orders file> <address of the server> <folder of its files>
import { createGrpcTransport } from "@durabletask/grpc";
import { demoFiles } from "./demo-files.ts";
import { Ledger } from "./ledger.ts";
import { readOrders } from "./orders.ts";
import { ParentProcess } from "./parent-process.ts";
import { ShopClient } from "./shop-client.ts";

const [ordersFile = "", baseUrl = "", folder = ""] = process.argv.slice(2);
using ledger = new Ledger(demoFiles(folder).ledger);
await using transport = createGrpcTransport({ baseUrl });
const client = new ShopClient(transport, ledger);
await client.lookBack();

const parent = new ParentProcess(() => ({
  ended: client.ended,
  waiting: ledger.openApprovals().length,
}));
await parent.keepTold();
await client.processOrders(await readOrders(ordersFile));
await parent.leave();
