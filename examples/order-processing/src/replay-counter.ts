import type { DescMessage, DescMethodServerStreaming, MessageShape } from "@bufbuild/protobuf";
import { isMessage } from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@durabletask/core";
import { WorkItemSchema } from "@durabletask/protobuf";

/** What had to be replayed. */
export interface Replays {
  readonly turns: number;
  readonly events: number;
}

/**
 * A transport that lets everything through and counts the turns that come with a past: those that the worker replays. A
 * turn whose orchestration is still in the worker's memory comes with what is new, and nothing else.
 */
export class ReplayCounter implements Transport {
  readonly #transport: Transport;
  #replays: Replays = { turns: 0, events: 0 };

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get replays(): Replays {
    return this.#replays;
  }

  readonly unary: Transport["unary"] = (method, request, options) =>
    this.#transport.unary(method, request, options);

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>> {
    const messages = this.#transport.stream(method, request, options);
    return { [Symbol.asyncIterator]: () => this.#counting(messages[Symbol.asyncIterator]()) };
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#transport[Symbol.asyncDispose]();
  }

  /** Not a generator: `return()` must reach the hub while a `next()` is pending. */
  #counting<Message>(messages: AsyncIterator<Message>): AsyncIterator<Message> {
    return {
      next: async () => {
        const result = await messages.next();
        if (result.done !== true) this.#count(result.value);
        return result;
      },
      return: async () => (await messages.return?.()) ?? { done: true, value: undefined },
    };
  }

  #count(message: unknown): void {
    if (!isMessage(message, WorkItemSchema)) return;
    if (message.request.case !== "orchestratorRequest") return;
    const { length } = message.request.value.pastEvents;
    if (length === 0) return;
    const { turns, events } = this.#replays;
    this.#replays = { turns: turns + 1, events: events + length };
  }
}
