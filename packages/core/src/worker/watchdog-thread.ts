import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

// The other half of watchdog.ts, in a thread of its own.
const { shared, limitMs }: { shared: SharedArrayBuffer; limitMs: number } = workerData;
const words = new Int32Array(shared, 0, 2);
const text = new Uint8Array(shared, 8);
let beat = Atomics.load(words, 0);
let since = performance.now();
let isTold = false;

setInterval(
  () => {
    const current = Atomics.load(words, 0);
    if (current !== beat) {
      [beat, since, isTold] = [current, performance.now(), false];
      return;
    }
    const heldMs = performance.now() - since;
    if (isTold || heldMs < limitMs) return;
    isTold = true;
    const names = new TextDecoder().decode(text.slice(0, Atomics.load(words, 1)));
    const seconds = (heldMs / 1000).toFixed(1);
    // The stream of this thread would wait for the thread that is held.
    writeSync(
      2,
      `durabletask warn: the event loop has been held for ${seconds} s by code that does not await; under way: ${names || "nothing of this worker"}\n`,
    );
  },
  Math.max(1, limitMs / 4),
);
