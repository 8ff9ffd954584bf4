import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { HistoryChunk, WorkItem } from "@durabletask/protobuf";
import type { CallOptions, Transport } from "../src/transport.ts";

/** One call that a hub was asked for. */
export interface RecordedCall {
  readonly method: string;
  readonly request: unknown;
  readonly options: CallOptions;
}

type Answer = (request: unknown, options: CallOptions, nth: number) => unknown;

/** A hub that records what it is asked for and answers as the test says; what the test does not say is an empty message. */
export class ScriptedHub implements Transport {
  readonly calls: RecordedCall[] = [];
  /** Streams of work that were asked for, in order. */
  readonly streams: ScriptedStream<WorkItem>[] = [];
  readonly #answers = new Map<string, Answer>();

  /** What a method answers from now on: a message's fields, a promise of them, a stream, or it throws. */
  answer(method: string, answer: Answer): this {
    this.#answers.set(method, answer);
    return this;
  }

  /** The last stream of work that was asked for. */
  get workStream(): ScriptedStream<WorkItem> {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error("no stream of work was asked for");
    return stream;
  }

  /** Requests of one method, in order. */
  requests(method: string): readonly unknown[] {
    return this.callsOf(method).map(({ request }) => request);
  }

  callsOf(method: string): readonly RecordedCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const answered = await this.#call(method.localName, request, options);
    // The test's answers are the fields of the message.
    return create(method.output, (answered ?? {}) as never);
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): AsyncIterable<MessageShape<O>> {
    const answered = this.#call(method.localName, request, options);
    if (answered !== undefined) return answered as AsyncIterable<MessageShape<O>>;
    const stream = new ScriptedStream<WorkItem>(options.signal);
    this.streams.push(stream);
    return stream as unknown as AsyncIterable<MessageShape<O>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #call(method: string, request: unknown, options: CallOptions): unknown {
    const nth = this.callsOf(method).length;
    this.calls.push({ method, request, options });
    return this.#answers.get(method)?.(request, options, nth);
  }
}

/** A stream that says what the test lets it say; an aborted signal breaks it, as the contract has it. */
export class ScriptedStream<T = HistoryChunk> implements AsyncIterableIterator<T, undefined> {
  readonly #signal: AbortSignal | undefined;
  readonly #messages: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #pending: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;
  /** Whether its consumer has closed it. */
  isClosed = false;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
    signal?.addEventListener("abort", () => this.fail(signal.reason));
    if (signal?.aborted === true) this.fail(signal.reason);
  }

  /** Whether its consumer has given it up as lost. */
  get isAborted(): boolean {
    return this.#signal?.aborted ?? false;
  }

  push(...messages: readonly T[]): void {
    this.#messages.push(...messages);
    this.#settle();
  }

  /** The hub ends it. */
  end(): void {
    this.#end ??= {};
    this.#settle();
  }

  /** The connection breaks. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#settle();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    this.#pending = Promise.withResolvers();
    const { promise } = this.#pending;
    this.#settle();
    return promise;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.isClosed = true;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #settle(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const message = this.#messages.shift();
    if (message === undefined && this.#end === undefined) return;
    this.#pending = undefined;
    if (message !== undefined) pending.resolve({ done: false, value: message });
    else if (this.#end !== undefined && "error" in this.#end) pending.reject(this.#end.error);
    else pending.resolve({ done: true, value: undefined });
  }
}

/** Lets everything happen that can happen without time. */
export async function settle(rounds = 5): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
