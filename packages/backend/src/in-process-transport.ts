import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@durabletask/core";
import { TaskHubError } from "@durabletask/core";
import type { TaskHubSidecarService } from "@durabletask/protobuf";

type Methods = (typeof TaskHubSidecarService)["method"];

/**
 * The methods of the service that a task hub has, as functions; what is missing is UNIMPLEMENTED. Each handler honours
 * the time limit and the signal of the call if it can wait for longer than a commit takes.
 */
export type TaskHubHandlers = {
  readonly [Name in keyof Methods]?: Methods[Name] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, options: CallOptions) => Promise<MessageShape<O>>
    : Methods[Name] extends DescMethodServerStreaming<infer I, infer O>
      ? (
          request: MessageShape<I>,
          options: CallOptions,
        ) => AsyncIterator<MessageShape<O>, undefined>
      : never;
};

type UnaryHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  options: CallOptions,
) => Promise<MessageShape<O>>;

type StreamHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  options: CallOptions,
) => AsyncIterator<MessageShape<O>, undefined>;

const noOptions: CallOptions = {};

/** A transport within the process: a router from methods to handlers, with no bytes in between. */
export function createInProcessTransport(handlers: TaskHubHandlers): Transport {
  // Not an object, whose prototype has names of its own.
  const byName = new Map<string, unknown>(Object.entries(handlers));
  return {
    unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageShape<I>,
      options: CallOptions = noOptions,
    ): Promise<MessageShape<O>> {
      // Sound, as is the one below: the type of the handlers derives from the methods' descriptors.
      const handler = byName.get(method.localName) as UnaryHandler<I, O> | undefined;
      if (!handler) return Promise.reject(unimplemented(method.name));
      if (options.signal?.aborted === true) return Promise.reject(options.signal.reason);
      // Handlers are async: what they throw is a rejection already.
      return handler(request, options);
    },
    stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      request: MessageShape<I>,
      options: CallOptions = noOptions,
    ): AsyncIterable<MessageShape<O>> {
      const handler = byName.get(method.localName) as StreamHandler<I, O> | undefined;
      if (!handler) return failing(unimplemented(method.name));
      return { [Symbol.asyncIterator]: () => handler(request, options) };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function unimplemented(method: string): TaskHubError {
  return new TaskHubError("UNIMPLEMENTED", `This task hub does not have the method ${method}.`);
}

function failing(error: TaskHubError): AsyncIterable<never> {
  const next = async () => {
    throw error;
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
