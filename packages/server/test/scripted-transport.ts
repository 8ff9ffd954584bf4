import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@durabletask/core";
import type { TaskHubSidecarService, WorkItemSchema } from "@durabletask/protobuf";

type Methods = (typeof TaskHubSidecarService)["method"];

/** What a transport answers to unary calls, by method; what a script lacks is an empty message. */
export type UnaryScript = {
  readonly [Name in keyof Methods]?: Methods[Name] extends DescMethodUnary<infer I, infer O>
    ? (
        request: MessageShape<I>,
        options: CallOptions,
      ) => MessageInitShape<O> | Promise<MessageInitShape<O>>
    : never;
};

/** How the stream of work ended, as the transport saw it. */
export type SeenEnd =
  | { readonly by: "return" }
  | { readonly by: "signal"; readonly reason: unknown };

/** A transport whose stream of work a test fills by hand, and which tells what it was asked. */
export class ScriptedTransport implements Transport {
  readonly #script: UnaryScript;
  readonly #items: MessageInitShape<typeof WorkItemSchema>[] = [];
  #wake: (() => void) | undefined;
  #ended = Promise.withResolvers<SeenEnd>();
  #opened = Promise.withResolvers<CallOptions>();
  /** How many items were asked for. */
  pulls = 0;

  constructor(script: UnaryScript = {}) {
    this.#script = script;
  }

  /** How the stream of work has ended. */
  get ended(): Promise<SeenEnd> {
    return this.#ended.promise;
  }

  /** With what the stream of work was opened. */
  get opened(): Promise<CallOptions> {
    return this.#opened.promise;
  }

  offer(item: MessageInitShape<typeof WorkItemSchema>): void {
    this.#items.push(item);
    this.#wake?.();
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    // Sound: the script is typed by the methods.
    const answer = this.#script[method.localName as keyof Methods] as
      | ((request: MessageShape<I>, options: CallOptions) => Promise<MessageInitShape<O>>)
      | undefined;
    return answer ? create(method.output, await answer(request, options)) : create(method.output);
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    _request: MessageShape<I>,
    options: CallOptions = {},
  ): AsyncIterable<MessageShape<O>> {
    return { [Symbol.asyncIterator]: () => this.#iterate(method.output, options) };
  }

  #iterate<O extends DescMessage>(
    output: O,
    options: CallOptions,
  ): AsyncIterator<MessageShape<O>, undefined> {
    const { signal } = options;
    let isOver = false;
    const onAbort = () => {
      this.#ended.resolve({ by: "signal", reason: signal?.reason });
      this.#wake?.();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    return {
      next: async () => {
        this.pulls++;
        this.#opened.resolve(options);
        for (;;) {
          if (signal?.aborted) throw signal.reason;
          if (isOver) return { done: true, value: undefined };
          const item = this.#items.shift();
          // The test offers items of the one stream there is.
          if (item) return { done: false, value: create(output, item as MessageInitShape<O>) };
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      },
      return: async () => {
        isOver = true;
        signal?.removeEventListener("abort", onAbort);
        this.#ended.resolve({ by: "return" });
        this.#wake?.();
        return { done: true, value: undefined };
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
