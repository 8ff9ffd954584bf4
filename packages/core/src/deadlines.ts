import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import { type Duration, durationToMs } from "./duration.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** Which time limits calls get that have none of their own. */
export interface DeadlineOptions {
  /** Default: 30 seconds. */
  readonly timeout?: Duration | undefined;
  /** For what works through many instances: purging, and making, emptying or deleting a task hub. Default: 5 minutes. */
  readonly bulkTimeout?: Duration | undefined;
}

const { method: methods } = TaskHubSidecarService;

const waits = namesOf(methods.waitForInstanceStart, methods.waitForInstanceCompletion);

const bulk = namesOf(
  methods.purgeInstances,
  methods.skipGracefulOrchestrationTerminations,
  methods.createTaskHub,
  methods.deleteTaskHub,
  methods.cleanEntityStorage,
);

/**
 * The same transport, except that each unary call gets a time limit if it has none: over a network, a hub that has gone
 * away must not be waited for. Waits for an instance have their own, or none; so have streams.
 */
export function withDeadlines(transport: Transport, options: DeadlineOptions = {}): Transport {
  const timeoutMs = durationToMs(options.timeout ?? { seconds: 30 }, "timeout");
  const bulkTimeoutMs = durationToMs(options.bulkTimeout ?? { minutes: 5 }, "bulkTimeout");
  const limitOf = (method: string): number => (bulk.has(method) ? bulkTimeoutMs : timeoutMs);
  return {
    unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageShape<I>,
      call?: CallOptions,
    ): Promise<MessageShape<O>> {
      const isLimited = call?.timeoutMs !== undefined || waits.has(method.name);
      const limited = isLimited ? call : { ...call, timeoutMs: limitOf(method.name) };
      return transport.unary(method, request, limited);
    },
    stream: (method, request, call) => transport.stream(method, request, call),
    [Symbol.asyncDispose]: () => Promise.resolve(transport[Symbol.asyncDispose]()),
  };
}

/** By name, since two copies of the descriptors may meet. */
function namesOf(...named: readonly { readonly name: string }[]): ReadonlySet<string> {
  return new Set(named.map((method) => method.name));
}
