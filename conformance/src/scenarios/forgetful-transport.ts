import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import { isMessage } from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@durabletask/core";
import { WorkItemSchema } from "@durabletask/protobuf";

/**
 * A transport over which workers lose sessions at random: now and then a turn names a past that no session has seen, as if
 * the one that has seen it had been evicted. The same turns each time.
 */
export class ForgetfulTransport implements Transport {
  readonly #hub: Transport;
  #seed = 1;

  constructor(hub: Transport) {
    this.#hub = hub;
  }

  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>> {
    return this.#hub.unary(method, request, options);
  }

  async *stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>> {
    for await (const message of this.#hub.stream(method, request, options)) {
      yield this.#forgets() ? withoutMark(message) : message;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** One time in three: a linear congruential generator, read from the middle. */
  #forgets(): boolean {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor(this.#seed / 2 ** 16) % 3 === 0;
  }
}

function withoutMark<Message extends MessageShape<DescMessage>>(message: Message): Message {
  if (!isMessage(message, WorkItemSchema)) return message;
  const { request } = message;
  if (request.case !== "orchestratorRequest" || !request.value.properties["HistoryMark"]) {
    return message;
  }
  const { HistoryMark: _mark, ...properties } = request.value.properties;
  return { ...message, request: { ...request, value: { ...request.value, properties } } };
}
