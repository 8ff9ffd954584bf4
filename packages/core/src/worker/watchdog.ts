import type { Worker } from "node:worker_threads";
import type { LogEvent } from "../log-event.ts";
import type { Logger } from "../logger.ts";

// A constant of the module, written so that bundlers can find the file.
const threadFile: URL | undefined = locate();

function locate(): URL | undefined {
  // A bundle in the form of CommonJS has none.
  if (!import.meta.url) return undefined;
  const built = new URL("./watchdog-thread.js", import.meta.url);
  // From source there is no built file.
  return import.meta.url.endsWith(".ts") ? new URL(built.href.replace(/\.js$/u, ".ts")) : built;
}

/** What watchdog and thread share: a counter that beats, the length of the text, and the text. */
const textStart = 8;
const textBytes = 2048;

/**
 * Tells who holds the event loop. Code that loops without awaiting cannot be interrupted in its own thread, nor logged from
 * it: a second thread sees that this one beats no more, and writes to stderr what was under way. Where it cannot have one, as
 * in a bundle without its file, that is logged, and nothing is watched.
 */
export class Watchdog {
  readonly #limitMs: number;
  readonly #logger: Logger;
  readonly #shared = new SharedArrayBuffer(textStart + textBytes);
  readonly #words = new Int32Array(this.#shared, 0, 2);
  readonly #text = new Uint8Array(this.#shared, textStart);
  readonly #encoder = new TextEncoder();
  readonly #underWay = new Map<object, string>();
  readonly #thread: Worker | undefined;
  readonly #beat: NodeJS.Timeout;
  #lastBeat = performance.now();

  constructor(limitMs: number, logger: Logger) {
    this.#limitMs = limitMs;
    this.#logger = logger;
    this.#thread = this.#startThread();
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
    await this.#thread?.terminate();
  }

  #startThread(): Worker | undefined {
    try {
      if (!threadFile) throw new Error("There is no import.meta.url to find the file by.");
      // Loaded with the first watchdog: few workers have one, and loading core would take a tenth longer.
      const { Worker } = process.getBuiltinModule("node:worker_threads");
      const workerData = { shared: this.#shared, limitMs: this.#limitMs };
      // Flags of the process are not the thread's business: a preloaded agent would run in it once more.
      const thread = new Worker(threadFile, { workerData, execArgv: [] });
      thread.on("error", (error) => this.#isMissing(error));
      thread.unref();
      return thread;
    } catch (error) {
      this.#isMissing(error);
      return undefined;
    }
  }

  #isMissing(error: unknown): void {
    const event: LogEvent = "worker.watchdog-missing";
    this.#logger.warn?.(
      { event, error },
      "the thread of the watchdog did not start, as happens in a bundle without its file: nothing watches the event loop." +
        " Keep @durabletask/core out of the bundle, or leave the watchdog off",
    );
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
