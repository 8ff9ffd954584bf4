import { runParts } from "./run-parts.ts";
import { combinators } from "./parts/combinators.ts";
import { coldImport } from "./parts/import.ts";
import { memory } from "./parts/memory.ts";
import { replay } from "./parts/replay.ts";
import { server } from "./parts/server.ts";
import { store } from "./parts/store.ts";
import { throughput } from "./parts/throughput.ts";
import { wire } from "./parts/wire.ts";

const parts = [replay, combinators, throughput, store, memory, coldImport, wire, server];

await runParts("pnpm bench", parts);
