import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { createContextKey } from "@connectrpc/connect";
import { isServerStreaming, isUnary } from "@durabletask/core/spi";
import { toConnectError } from "@durabletask/grpc/spi";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import type { Call } from "./call.ts";
import { addMetadata, taskHubOf } from "./call.ts";
import { CallEnd } from "./call-end.ts";
import type { Calls } from "./calls.ts";

/** How a call that goes through Connect learns of its end: Connect's own signal does not tell a lost connection. */
export const callEnd: ReturnType<typeof createContextKey<CallEnd>> = createContextKey(
  new CallEnd(),
  { description: "how the call ends" },
);

/** Routes every method of the service to the transport of the call's task hub. */
export function addRoutes(router: ConnectRouter, calls: Calls, keepsToken: boolean): void {
  const callOf = (context: HandlerContext) => toCall(context, keepsToken);
  for (const method of TaskHubSidecarService.methods) {
    if (method.localName === "getWorkItems") continue;
    if (isUnary(method)) {
      router.rpc(method, (request, context) =>
        calls.unary(method, request, callOf(context)).catch(rethrow),
      );
    } else if (isServerStreaming(method)) {
      router.rpc(method, (request, context) =>
        withConnectErrors(calls.stream(method, request, callOf(context))),
      );
    }
  }
  router.rpc(TaskHubSidecarService.method.getWorkItems, (request, context) =>
    withConnectErrors(calls.work(request, callOf(context))),
  );
}

function withConnectErrors<T>(stream: AsyncIterator<T, undefined>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => stream.next().catch(rethrow),
      return: async () => (await stream.return?.()) ?? { done: true, value: undefined },
    }),
  };
}

function rethrow(error: unknown): never {
  throw toConnectError(error);
}

function toCall(context: HandlerContext, keepsToken: boolean): Call {
  const headers: Record<string, string> = {};
  for (const [name, value] of context.requestHeader) addMetadata(headers, name, value, keepsToken);
  return {
    taskHub: taskHubOf(headers),
    headers,
    timeoutMs: context.timeoutMs(),
    end: context.values.get(callEnd),
  };
}
