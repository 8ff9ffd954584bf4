import { Worker } from "node:worker_threads";
import type { Answer, Failure, Reply, Request } from "./connection.ts";
import { threadMark } from "./connection.ts";
import type { Executor } from "./database.ts";

// A constant of the module, written so that bundlers can find the file.
const threadFile: URL | undefined = locate();

/** The thread cannot be had here, however often one tries. */
export class ThreadMissingError extends Error {
  override readonly name: string = "ThreadMissingError";
}

/**
 * Starts a thread with a connection that is not open yet. Rejects with a `ThreadMissingError` if its file is not there or
 * cannot be run, otherwise with what has ended the thread.
 */
export async function startThread(): Promise<Executor> {
  const thread = new DatabaseThread(newWorker());
  await thread.ready;
  return thread;
}

function newWorker(): Worker {
  if (!threadFile) throw new ThreadMissingError("There is no import.meta.url to find the file by.");
  try {
    // Flags of the process are not the thread's business: a preloaded agent would run in it once more.
    return new Worker(threadFile, { workerData: threadMark, execArgv: [], name: threadMark });
  } catch (cause) {
    throw new ThreadMissingError("A thread cannot be made here.", { cause });
  }
}

/** Before it is ready, an error means that its file does not load. Only memory can be short at any time. */
function startError(error: Error): Error {
  if ("code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY") return error;
  return new ThreadMissingError("The file of the thread does not load.", { cause: error });
}

function locate(): URL | undefined {
  // A bundle in the form of CommonJS has none.
  if (!import.meta.url) return undefined;
  const built = new URL("./connection.js", import.meta.url);
  // From source there is no built file.
  return import.meta.url.endsWith(".ts") ? new URL(built.href.replace(/\.js$/u, ".ts")) : built;
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A connection on a thread of its own, as the main thread sees it.
 *
 * Owns the requests that are under way: the thread answers them in their order, so the first answer is for the oldest. When
 * the thread ends, however that comes, each of them is rejected, and so is whatever comes after. The thread keeps the
 * process alive only while it owes an answer.
 */
class DatabaseThread implements Executor {
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #pending: Pending[] = [];
  readonly #ended: Promise<void>;
  #end: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    worker.on("message", (reply: Reply) => {
      if (reply.kind === "ready") resolve();
      else this.#settle(reply);
    });
    worker.once("error", (error) => {
      reject(startError(error));
      this.#fail(error);
    });
    worker.once("exit", (code) => this.#fail(new Error(`The thread ended with code ${code}.`)));
    this.#ended = new Promise((resolveEnd) => void worker.once("exit", () => resolveEnd()));
    void this.#ended.then(() => reject(this.#end));
    void promise.then(
      () => worker.unref(),
      () => undefined,
    );
  }

  execute(request: Request): Promise<Answer> {
    if (this.#end) return Promise.reject(this.#end);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#worker.postMessage(request);
    if (this.#pending.push({ resolve, reject }) === 1) this.#worker.ref();
    return promise;
  }

  async end(): Promise<void> {
    try {
      await this.execute({ kind: "close" });
    } catch {
      // It has failed already, and closed the database by its end.
    }
    this.#worker.ref();
    await this.#ended;
  }

  #settle(reply: Exclude<Reply, { kind: "ready" }>): void {
    const pending = this.#pending.shift();
    if (this.#pending.length === 0) this.#worker.unref();
    if (reply.kind === "answer") pending?.resolve(reply.answer);
    else pending?.reject(errorOf(reply.failure));
  }

  #fail(cause: unknown): void {
    // What made it end is told before the end itself.
    this.#end ??= new Error("The thread of the task hub's store has ended.", { cause });
    for (const { reject } of this.#pending.splice(0)) reject(this.#end);
  }
}

function errorOf({ message, stack, code, errcode }: Failure): Error {
  const error = Object.assign(new Error(message), { code, errcode });
  if (stack !== undefined) error.stack = stack;
  return error;
}
