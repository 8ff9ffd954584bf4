import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetWorkItemsRequestSchema, WorkItem } from "@durabletask/protobuf";
import { doubling } from "../backoff.ts";
import type { Clock } from "../clock.ts";
import { TaskHubError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { isReadyIterator, type ReadyIterator } from "../ready-iterator.ts";
import type { TaskHubService } from "../task-hub-service.ts";
import { SilenceWatch } from "./silence-watch.ts";
import { type StreamEvent, type StreamState, transition } from "./stream-state.ts";

/** How long the hub may take to answer hello. */
const helloMs = 30_000;

/** A stream that has lived so long shows that the hub is well, even if it had no work. */
const wellMs = 30_000;

/** What a stream of work needs of its worker. */
export interface WorkItemStreamOptions {
  readonly hub: TaskHubService;
  readonly clock: Clock;
  /** Spreads the pauses: 0 up to 1. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly request: MessageInitShape<typeof GetWorkItemsRequestSchema>;
  readonly headers: Readonly<Record<string, string>>;
  /** Told of each item, in order; pings are not items. */
  readonly onItem: (item: WorkItem) => void;
  /** Told when an open stream is lost: what it has brought is still the worker's to finish. */
  readonly onLost: () => void;
}

/**
 * The stream of work from a hub, and another one whenever it ends, until it is closed. See {@link StreamState}.
 *
 * It owns the connection: hello, the open stream, pauses, the watch for silence. It does not own the work. Invariants:
 *
 * 1. What a state has begun (a call, a stream, a timer) ends when the state is left: its signal is aborted. So whatever comes
 *    back from it later is recognised by the aborted signal, and changes nothing.
 * 2. A stream that is given up as lost is aborted; one that is closed is told so by `return()` first. The hub keeps the items of
 *    a lost stream for a while, since their results still come.
 * 3. The hub is watched for silence only once a ping has shown that it sends pings, and from then on on every stream: an
 *    embedded hub sends none, and an idle stream of a hub without pings is not a broken one.
 */
export class WorkItemStream {
  readonly #options: WorkItemStreamOptions;
  #state: StreamState = { kind: "greeting", failures: 0 };
  /** Aborted when what the current state has begun is to end. */
  #begun = new AbortController();
  #iterator: AsyncIterator<WorkItem> | undefined;
  #hubPings = false;
  #lastError: unknown;
  #waiters: (() => void)[] = [];

  constructor(options: WorkItemStreamOptions) {
    this.#options = options;
    this.#enter(this.#state);
  }

  get isConnected(): boolean {
    return this.#state.kind === "streaming" || this.#state.kind === "draining";
  }

  /** Why it was lost, or not reached, the last time. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** While it connects: resolves when it has, or is closed. `undefined` in all other states. */
  connecting(): Promise<void> | undefined {
    if (this.#state.kind !== "greeting" && this.#state.kind !== "backingOff") return undefined;
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** From now on no other stream follows. One that is open stays open, so that its items keep their leases. */
  drain(): void {
    this.#apply({ kind: "drain" });
  }

  /** Ends it at once, whatever it is doing. */
  close(): void {
    this.#apply({ kind: "close" });
  }

  #apply(event: StreamEvent): void {
    const before = this.#state;
    const after = transition(before, event);
    this.#state = after;
    const isSameStream =
      before.kind === "streaming" && (after.kind === "streaming" || after.kind === "draining");
    if (after === before || isSameStream || before.kind === "closed") return;
    this.#leave(before, after);
    this.#enter(after);
  }

  #leave(before: StreamState, after: StreamState): void {
    const begun = this.#begun;
    this.#begun = new AbortController();
    if (before.kind === "streaming" || before.kind === "draining") {
      if (after.kind === "closed") this.#close(this.#iterator);
      else this.#options.onLost();
      this.#iterator = undefined;
    }
    begun.abort(new Error("the worker has left this stream of work"));
  }

  #enter(state: StreamState): void {
    const { signal } = this.#begun;
    switch (state.kind) {
      case "greeting":
        void this.#greet(signal);
        break;
      case "streaming":
        void this.#read(signal);
        break;
      case "backingOff":
        this.#pause(state.failures, state.error, signal);
        break;
      default:
        break;
    }
    if (state.kind === "streaming" || state.kind === "closed") {
      for (const resolve of this.#waiters.splice(0)) resolve();
    }
  }

  /** Never rejects. */
  async #greet(signal: AbortSignal): Promise<void> {
    this.#schedule(() => this.#lost(noAnswer()), helloMs, signal);
    try {
      await this.#options.hub.hello({}, { timeoutMs: helloMs, signal });
    } catch (error) {
      // A hub that knows no hello is there all the same.
      const isThere = error instanceof TaskHubError && error.code === "UNIMPLEMENTED";
      if (!isThere) {
        if (!signal.aborted) this.#lost(error);
        return;
      }
    }
    if (!signal.aborted) this.#apply({ kind: "answered" });
  }

  /** Never rejects. */
  async #read(signal: AbortSignal): Promise<void> {
    const { hub, clock, logger, request, headers } = this.#options;
    const begun = this.#begun;
    const silence = new SilenceWatch(clock, () => this.#lost(silent()));
    signal.addEventListener("abort", () => silence.stop(), { once: true });
    const openedAt = clock.now();
    let error: unknown;
    try {
      const stream = hub.getWorkItems(request, { signal, headers })[Symbol.asyncIterator]();
      this.#iterator = stream;
      logger.info?.({ event: "worker.connected", ...limits(request) }, "the worker is connected");
      if (this.#hubPings) silence.start();
      let isFirst = true;
      for (let next = await stream.next(); next.done !== true; next = await stream.next()) {
        // It was given up, and goes on all the same: what it brings is not taken any more.
        if (this.#begun !== begun) return this.#close(stream);
        if (isFirst) this.#apply({ kind: "received" });
        isFirst = false;
        silence.heard();
        this.#take(next.value, silence);
        if (isReadyIterator(stream)) this.#takeReady(stream, silence);
      }
    } catch (thrown) {
      error = thrown;
    }
    if (!signal.aborted) this.#lost(error, clock.now() - openedAt >= wellMs);
    return undefined;
  }

  /** Of a hub in this process: what is there already, as long as this is the stream that is read. */
  #takeReady(stream: ReadyIterator<WorkItem>, silence: SilenceWatch): void {
    const begun = this.#begun;
    while (this.#begun === begun) {
      const item = stream.ready();
      if (item === undefined) return;
      this.#take(item, silence);
    }
  }

  #take(item: WorkItem, silence: SilenceWatch): void {
    if (item.request.case !== "healthPing") return this.#options.onItem(item);
    this.#hubPings = true;
    silence.start();
    return undefined;
  }

  #pause(failures: number, error: unknown, signal: AbortSignal): void {
    const { logger, random } = this.#options;
    const delayMs = random() * doubling(failures - 1, 1000, 30_000);
    logger.warn?.(
      { event: "worker.disconnected", error, failures, retryInMs: Math.round(delayMs) },
      "the hub was not reached or was lost; the worker connects again",
    );
    this.#schedule(() => this.#apply({ kind: "rested" }), delayMs, signal);
  }

  #lost(error: unknown, wasWell = false): void {
    this.#lastError = error;
    this.#apply({ kind: "lost", error, wasWell });
  }

  /** Calls back after a delay, unless the signal is aborted first. */
  #schedule(callback: () => void, delayMs: number, signal: AbortSignal): void {
    const cancel = this.#options.clock.schedule(callback, delayMs);
    signal.addEventListener("abort", cancel, { once: true });
  }

  /** What a transport has to say about a stream that it closes interests nobody any more. */
  #close(stream: AsyncIterator<WorkItem> | undefined): void {
    void (async () => stream?.return?.())().catch(() => {});
  }
}

function noAnswer(): TaskHubError {
  return new TaskHubError("DEADLINE_EXCEEDED", `no answer to hello within ${helloMs / 1000} s`);
}

function silent(): TaskHubError {
  return new TaskHubError("UNAVAILABLE", "the hub has fallen silent: not even a health ping came");
}

function limits(request: WorkItemStreamOptions["request"]): Readonly<Record<string, unknown>> {
  return {
    orchestrations: request.maxConcurrentOrchestrationWorkItems,
    activities: request.maxConcurrentActivityWorkItems,
  };
}
