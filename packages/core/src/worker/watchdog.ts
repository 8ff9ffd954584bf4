import { Worker } from "node:worker_threads";
import type { LogEvent } from "../log-event.ts";
import type { Logger } from "../logger.ts";

// A constant of the module, so that bundlers can find the file.
const threadUrl: URL = new URL(
  import.meta.url.endsWith(".ts") ? "./watchdog-thread.ts" : "./watchdog-thread.js",
  import.meta.url,
);

/** What watchdog and thread share: a counter that beats, the length of the text, and the text. */
const textStart = 8;
const textBytes = 2048;

/**
 * Tells who holds the event loop. Code that loops without awaiting cannot be interrupted in its own thread, nor logged from
 * it: a second thread sees that this one beats no more, and writes to stderr what was under way.
 */
export class Watchdog {
  readonly #limitMs: number;
  readonly #logger: Logger;
  readonly #shared = new SharedArrayBuffer(textStart + textBytes);
  readonly #words = new Int32Array(this.#shared, 0, 2);
  readonly #text = new Uint8Array(this.#shared, textStart);
  readonly #encoder = new TextEncoder();
  readonly #underWay = new Map<object, string>();
  readonly #thread: Worker;
  readonly #beat: NodeJS.Timeout;
  #lastBeat = performance.now();

  constructor(limitMs: number, logger: Logger) {
    this.#limitMs = limitMs;
    this.#logger = logger;
    this.#thread = new Worker(threadUrl, { workerData: { shared: this.#shared, limitMs } });
    this.#thread.unref();
    this.#beat = setInterval(() => this.#beats(), Math.max(1, limitMs / 4));
    this.#beat.unref();
  }

  /** Some code begins; it is named until the returned function is called. */
  enter(name: string): () => void {
    const key = {};
    this.#underWay.set(key, name);
    this.#share();
    return () => {
      this.#underWay.delete(key);
      this.#share();
    };
  }

  async stop(): Promise<void> {
    clearInterval(this.#beat);
    await this.#thread.terminate();
  }

  #beats(): void {
    Atomics.add(this.#words, 0, 1);
    const now = performance.now();
    const heldMs = Math.round(now - this.#lastBeat);
    this.#lastBeat = now;
    if (heldMs < this.#limitMs) return;
    const event: LogEvent = "worker.event-loop-held";
    this.#logger.warn?.(
      { event, heldMs },
      "the event loop was held; timers and streams had to wait",
    );
  }

  #share(): void {
    const names = [...this.#underWay.values()].slice(-20).join(", ");
    const { written } = this.#encoder.encodeInto(names, this.#text);
    Atomics.store(this.#words, 1, written);
  }
}
