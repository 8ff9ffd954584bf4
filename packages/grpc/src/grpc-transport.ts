import type { Interceptor } from "@connectrpc/connect";
import { createGrpcTransport as createConnectTransport } from "@connectrpc/connect-node";
import {
  InvalidArgumentError,
  type Transport,
  withDeadlines,
  withRetries,
} from "@durabletask/core";
import { parseAddress } from "./address.ts";
import { HeaderProvider } from "./call-headers.ts";
import type { ConnectInterceptor, ConnectTransport } from "./connect-types.ts";
import { TransportOverConnect } from "./connect-transport.ts";
import { Connection } from "./connection.ts";
import { LeanTransport, type MessageLimits } from "./lean-transport.ts";
import {
  type CallDefaults,
  type GrpcAddressOptions,
  type GrpcTransportOptions,
  positiveMs,
  sessionSettings,
  sizeLimit,
} from "./options.ts";
import { withRefusedRepeated } from "./refused-calls.ts";
import { userAgent } from "./user-agent.ts";
import { withHeaders } from "./with-headers.ts";

/**
 * A transport to a Durable Task sidecar over gRPC, for `TaskHubClient` and `TaskHubWorker`.
 *
 * Nothing is connected before the first call; a connection that is lost is made again by the next one. Disposing it ends what is
 * open. Throws `InvalidArgumentError` for options that cannot be.
 */
export function createGrpcTransport(options: GrpcTransportOptions): Transport {
  const { headersLifetime = { minutes: 5 }, retries, deadlines } = options;
  const provider = new HeaderProvider(
    fixedHeaders(options),
    options.headers,
    positiveMs(headersLifetime, "headersLifetime"),
  );
  const transport = withHeaders(withRefusedRepeated(base(options)), provider);
  return withDeadlines(retries === false ? transport : withRetries(transport, retries), deadlines);
}

function fixedHeaders({ taskHub }: CallDefaults): Record<string, string> {
  return { "x-user-agent": userAgent, ...(taskHub === undefined ? {} : { taskhub: taskHub }) };
}

function base(options: GrpcTransportOptions): Transport {
  if (options.transport !== undefined) {
    // Closing it is its maker's business.
    const route = { place: "the server", closedBecause: () => undefined, close: () => {} };
    return new TransportOverConnect(options.transport, route);
  }
  if (options.baseUrl === undefined) {
    throw new InvalidArgumentError("give the address of a task hub as baseUrl, or a transport");
  }
  return overAddress(options);
}

function overAddress(options: GrpcAddressOptions): Transport {
  const { origin } = parseAddress(options.baseUrl);
  const connection = new Connection(origin, sessionSettings(options));
  const limits = {
    readMaxBytes: sizeLimit(options.readMaxBytes, "readMaxBytes"),
    writeMaxBytes: sizeLimit(options.writeMaxBytes, "writeMaxBytes"),
  };
  const { interceptors = [] } = options;
  if (interceptors.length === 0) return new LeanTransport(connection, limits);
  // Interceptors are Connect's, and so are the requests and answers that they see.
  return new TransportOverConnect(connectOver(connection, limits, interceptors), {
    place: origin,
    closedBecause: () => connection.closedBecause,
    close: () => connection.close(),
  });
}

/** Connect's transport on a connection of ours. */
function connectOver(
  connection: Connection,
  limits: MessageLimits,
  interceptors: readonly ConnectInterceptor[],
): ConnectTransport {
  return createConnectTransport({
    baseUrl: connection.origin,
    // Connect calls them with what its own types promise.
    interceptors: [...interceptors] as Interceptor[],
    ...limits,
    sessionManager: {
      authority: connection.origin,
      request: async (method, path, headers) =>
        connection.request({ ...headers, ":method": method, ":path": path }),
      // The connection sees for itself what has come.
      notifyResponseByteRead: () => {},
    },
  });
}
