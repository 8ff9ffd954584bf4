import type { DescMethod, DescMethodServerStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import type { CallOptions, Transport } from "@durabletask/core";
import { toConnectError } from "@durabletask/grpc/spi";
import { TaskHubSidecarService } from "@durabletask/protobuf";

/** Finds the transport that a call is for. */
export type TransportOf = (taskHub: string) => Transport | Promise<Transport>;

/** Routes every method of the service to the transport of the call's task hub. */
export function addRoutes(router: ConnectRouter, transportOf: TransportOf): void {
  for (const method of TaskHubSidecarService.methods) {
    if (isUnary(method)) addUnary(router, method, transportOf);
    else if (isServerStreaming(method)) addStream(router, method, transportOf);
  }
}

function addUnary(router: ConnectRouter, method: DescMethodUnary, transportOf: TransportOf): void {
  router.rpc(method, async (request, context) => {
    try {
      const transport = await transportOf(taskHubOf(context));
      return await transport.unary(method, request, callOptions(context));
    } catch (error) {
      throw toConnectError(error);
    }
  });
}

function addStream(
  router: ConnectRouter,
  method: DescMethodServerStreaming,
  transportOf: TransportOf,
): void {
  router.rpc(method, async function* stream(request, context) {
    try {
      const transport = await transportOf(taskHubOf(context));
      yield* transport.stream(method, request, callOptions(context));
    } catch (error) {
      throw toConnectError(error);
    }
  });
}

function taskHubOf({ requestHeader }: HandlerContext): string {
  return requestHeader.get("taskhub") ?? "default";
}

function callOptions({ signal, requestHeader, timeoutMs }: HandlerContext): CallOptions {
  return { signal, timeoutMs: timeoutMs(), headers: Object.fromEntries(requestHeader) };
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isServerStreaming(method: DescMethod): method is DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}
