import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import { isMessage } from "@bufbuild/protobuf";
import { CreateInstanceRequestSchema, TaskHubSidecarService } from "@durabletask/protobuf";
import { doubling, sleep } from "./backoff.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Duration, durationToMs } from "./duration.ts";
import { TaskHubError } from "./errors.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** How calls are tried again. */
export interface RetryOptions {
  /**
   * How long a call is tried that has no time limit of its own, such as the reading of a history; over gRPC `deadlines` give one to
   * all others, and within that they are tried. A client's wait is tried for at least half a minute. Default: 30 seconds.
   */
  readonly patience?: Duration | undefined;
  /**
   * Whether the hub recognises a start that it has already seen by its execution id. Hubs of `@durabletask/backend` do; with
   * another, a start whose answer was lost is left to the caller. Default: false.
   */
  readonly recognisesStarts?: boolean | undefined;
  /** Default: the platform's clock. */
  readonly clock?: Clock | undefined;
  /** Spreads the tries of many callers: 0 up to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const { method: methods } = TaskHubSidecarService;

/**
 * What may be done twice without harm: it reads, it sets a state, or it carries what the hub recognises. By name, since two
 * copies of the descriptors may meet. Completions are not here: the worker delivers them, with more patience than this.
 */
const repeatable: ReadonlySet<string> = new Set(
  [
    methods.getInstance,
    methods.queryInstances,
    methods.listInstanceIds,
    methods.streamInstanceHistory,
    methods.getEntity,
    methods.queryEntities,
    methods.waitForInstanceStart,
    methods.waitForInstanceCompletion,
    methods.suspendInstance,
    methods.resumeInstance,
    methods.terminateInstance,
    methods.purgeInstances,
    methods.signalEntity,
    methods.abandonTaskActivityWorkItem,
    methods.abandonTaskOrchestratorWorkItem,
    methods.abandonTaskEntityWorkItem,
  ].map((method) => method.name),
);

/**
 * The same transport, except that what can be repeated is tried again while the hub cannot be reached: after a random part of
 * 100 ms, doubling to 5 s, until the call's time limit has passed. Then the call fails as its last try did.
 *
 * Reads, waits, suspend, resume, terminate, purge, signals and abandons are repeated; a start only where the hub is known to
 * recognise it; raising an event never. A history is read again only if nothing of it had come. Nothing is repeated once the
 * transport is closed.
 */
export function withRetries(transport: Transport, options: RetryOptions = {}): Transport {
  const retrying = new RetryingTransport(transport, options);
  return {
    unary: (method, request, call) => retrying.unary(method, request, call),
    stream: (method, request, call) => retrying.stream(method, request, call),
    [Symbol.asyncDispose]: () => retrying[Symbol.asyncDispose](),
  };
}

class RetryingTransport implements Transport {
  readonly #inner: Transport;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #patienceMs: number;
  readonly #recognisesStarts: boolean;
  /** Aborted when the transport is closed: then no other try can succeed. */
  readonly #closing = new AbortController();

  constructor(inner: Transport, options: RetryOptions) {
    this.#inner = inner;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#patienceMs = durationToMs(options.patience ?? { seconds: 30 }, "patience");
    this.#recognisesStarts = options.recognisesStarts ?? false;
  }

  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>> {
    return this.#isRepeatable(method, request)
      ? this.#repeat(method, request, options)
      : this.#inner.unary(method, request, options);
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>> {
    return this.#isRepeatable(method, request)
      ? this.#read(method, request, options)
      : this.#inner.stream(method, request, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    return Promise.resolve(this.#inner[Symbol.asyncDispose]());
  }

  async #repeat<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const endsAt = this.#endOf(options);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#inner.unary(method, request, this.#within(endsAt, options));
      } catch (error) {
        await this.#pause(attempt, endsAt, error, options.signal);
      }
    }
  }

  async *#read<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<O>, void> {
    const endsAt = this.#endOf(options);
    for (let attempt = 0; ; attempt += 1) {
      let hasBegun = false;
      try {
        const messages = this.#inner.stream(method, request, this.#within(endsAt, options));
        for await (const message of messages) {
          hasBegun = true;
          yield message;
        }
        return;
      } catch (error) {
        // The reader has seen a part of it, which must not come twice.
        if (hasBegun) throw error;
        await this.#pause(attempt, endsAt, error, options.signal);
      }
    }
  }

  #isRepeatable(method: DescMethod, request: unknown): boolean {
    if (repeatable.has(method.name)) return true;
    if (!this.#recognisesStarts || method.name !== methods.startInstance.name) return false;
    return isMessage(request, CreateInstanceRequestSchema) && (request.executionId ?? "") !== "";
  }

  #endOf({ timeoutMs }: CallOptions): number {
    return this.#clock.now() + (timeoutMs ?? this.#patienceMs);
  }

  /** What is left of a time limit goes with each try. */
  #within(endsAt: number, options: CallOptions): CallOptions {
    if (options.timeoutMs === undefined) return options;
    return { ...options, timeoutMs: Math.max(0, endsAt - this.#clock.now()) };
  }

  /** Waits for the next try, or throws where there is none. */
  async #pause(
    attempt: number,
    endsAt: number,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const delayMs = this.#random() * doubling(attempt, 100, 5000);
    const closing = this.#closing.signal;
    const isLast = closing.aborted || this.#clock.now() + delayMs >= endsAt;
    if (isLast || !isPassing(error)) throw error;
    await sleep(this.#clock, delayMs, signal ? AbortSignal.any([signal, closing]) : closing);
    signal?.throwIfAborted();
  }
}

/** The hub was not there, or a connection broke: an abort of the caller's own comes as its signal's reason instead. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof TaskHubError && (error.code === "UNAVAILABLE" || error.code === "CANCELLED")
  );
}
