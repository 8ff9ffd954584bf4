import { openMemoryTaskHub } from "@durabletask/backend";
import { silentLogger } from "@durabletask/core";
import { measureOurs } from "../ours-throughput.ts";

await measureOurs(await openMemoryTaskHub({ logger: silentLogger }), "generator");
