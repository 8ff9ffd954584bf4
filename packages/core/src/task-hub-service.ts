import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import { InvalidArgumentError } from "./errors.ts";
import { isServerStreaming, isUnary } from "./method-kind.ts";
import type { CallOptions, Transport } from "./transport.ts";

type Methods = (typeof TaskHubSidecarService)["method"];

/** The methods of a task hub as functions, typed by the descriptors of the service. Unary ones reject, and never throw. */
export type TaskHubService = {
  readonly [Name in keyof Methods]: Methods[Name] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : Methods[Name] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : never;
};

/**
 * Derives the typed facade of a transport. Client and worker call the hub through it. Throws `InvalidArgumentError` for what
 * is no transport, such as the promise of one.
 */
export function createTaskHubService(transport: Transport): TaskHubService {
  assertTransport(transport);
  const service: Record<string, unknown> = {};
  for (const method of TaskHubSidecarService.methods) {
    service[method.localName] = bind(transport, method);
  }
  // Sound because the loop above binds every method of the descriptor that the type is derived from.
  return service as TaskHubService;
}

function assertTransport(value: unknown): void {
  const isObject = typeof value === "object" && value !== null;
  if (isObject && "unary" in value && "stream" in value) return;
  throw new InvalidArgumentError(
    value instanceof Promise
      ? "the transport is a promise: await it first, as in `await openTaskHub(file)`"
      : `a client or a worker needs a transport, such as openTaskHub() gives, not ${typeof value}`,
  );
}

function bind(transport: Transport, method: DescMethod): unknown {
  if (isUnary(method)) {
    return (request: MessageInitShape<DescMessage>, options?: CallOptions) => {
      // No async function: an embedded hub gives the same promise to many, and callers look at that.
      try {
        return transport.unary(method, create(method.input, request), options);
      } catch (error) {
        return Promise.reject(error);
      }
    };
  }
  if (isServerStreaming(method)) {
    return (request: MessageInitShape<DescMessage>, options?: CallOptions) =>
      transport.stream(method, create(method.input, request), options);
  }
  throw new Error(`${method.name}: the service has no ${method.methodKind} methods`);
}
