import type { TransportOf } from "./calls.ts";
import { Calls } from "./calls.ts";
import { CallFailures } from "./call-failures.ts";
import { createConnectHandler } from "./connect-handler.ts";
import { addRoutes } from "./connect-routes.ts";
import { checkExposure } from "./exposure.ts";
import { Gate } from "./gate.ts";
import { Http1Connections } from "./http1-connections.ts";
import { Http2Connections } from "./http2-connections.ts";
import { createLeanHandler } from "./lean/lean-handler.ts";
import { listen } from "./listener.ts";
import { createRequestHandler } from "./request-handler.ts";
import type { ServeOptions } from "./serve-options.ts";
import { settingsOf } from "./settings.ts";

/** A running server. */
export interface TaskHubServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:4001`. */
  readonly url: string;
  /**
   * Takes no more connections and hands out no more work; waits for the results of what workers are at, no longer than
   * `drainTimeout`; then ends all streams and connections. Leaves the transports open.
   */
  close(): Promise<void>;
}

/** How long answers may take to reach their callers once nothing else is waited for. */
const lastWordsMs = 500;

/**
 * Puts transports on the network, for workers and clients in every language: a Durable Task sidecar. Speaks gRPC, gRPC-Web
 * and Connect, by HTTP/2 and HTTP/1.1 on one port. `transportOf` finds the transport of a call's task hub, `default`
 * where the call names none; what it throws is the answer of the call.
 *
 * Rejects with the code `SERVER_EXPOSED` where others could reach the server unasked, `ADDRESS_IN_USE` or
 * `ADDRESS_NOT_AVAILABLE` where it cannot listen.
 */
export async function serve(
  transportOf: TransportOf,
  options: ServeOptions = {},
): Promise<TaskHubServer> {
  return await start(transportOf, options, createLeanHandler);
}

/** The same without the lean way: what that one is measured against, and must behave like. */
export async function serveThroughConnect(
  transportOf: TransportOf,
  options: ServeOptions = {},
): Promise<TaskHubServer> {
  return await start(transportOf, options, () => () => false);
}

async function start(
  transportOf: TransportOf,
  options: ServeOptions,
  createLean: typeof createLeanHandler,
): Promise<TaskHubServer> {
  const settings = settingsOf(options);
  checkExposure(settings);
  const { log } = settings;
  const gate = new Gate(settings);
  const calls = new Calls(transportOf, settings, new CallFailures(log));
  const connect = createConnectHandler(
    (router) => addRoutes(router, calls, !gate.asksForToken),
    gate,
    settings,
  );
  const handle = createRequestHandler(connect, gate, log);
  const http1 = new Http1Connections(handle, settings);
  const http2 = new Http2Connections(createLean(calls, gate, settings), handle, settings);
  const listener = await listen(settings, (socket, protocol) => {
    if (protocol === "http2") http2.take(socket);
    else http1.take(socket);
  });
  log.write("info", "server.listening", "the server is listening", { url: listener.url });
  let closing: Promise<void> | undefined;
  const close = async () => {
    log.write("info", "server.stopping", "the server takes no more work");
    listener.stop();
    await calls.drain(settings.drainTimeoutMs);
    await Promise.all([http1.close(lastWordsMs), http2.close(lastWordsMs)]);
    await listener.destroy();
    log.write("info", "server.stopped", "the server has stopped");
  };
  return {
    url: listener.url,
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}
