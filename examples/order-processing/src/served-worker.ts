// The worker of the shop as a process of its own, on a task hub behind a server. It works until it is told to stop.
//
//     node src/served-worker.ts <address of the server> <folder of its files>
import { once } from "node:events";
import { createGrpcTransport } from "@durabletask/grpc";
import { demoFiles } from "./demo-files.ts";
import { Ledger } from "./ledger.ts";
import { ParentProcess } from "./parent-process.ts";
import { ShopWorker } from "./shop-worker.ts";

const [baseUrl = "", folder = ""] = process.argv.slice(2);
using ledger = new Ledger(demoFiles(folder).ledger);
await using transport = createGrpcTransport({ baseUrl });
await using worker = await ShopWorker.start(transport, ledger);

const parent = new ParentProcess(() => ({ steps: ledger.runs(), replays: worker.replays }));
await parent.keepTold();
await once(process, "message");
await parent.leave();
