import { setTimeout as sleep } from "node:timers/promises";

/** Bytes of the heap in use that cannot be collected. Needs `--expose-gc`. */
export async function heapInUse(): Promise<number> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("run it with --expose-gc");
  // What is only held until the next turn of the event loop goes first; finalizers may need a second collection.
  for (let round = 0; round < 3; round += 1) {
    await sleep(10);
    await gc({ type: "major", execution: "async" });
  }
  return process.memoryUsage().heapUsed;
}
