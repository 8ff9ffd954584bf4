import { besidePeers } from "./parts/beside-peers.ts";
import { installPeers } from "./peers/installation.ts";
import { runParts } from "./run-parts.ts";

await installPeers();
await runParts("pnpm bench:peers", besidePeers());
