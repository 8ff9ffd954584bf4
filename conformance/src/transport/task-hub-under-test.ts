import type { Transport } from "@durabletask/core";

/** A task hub that the suite runs against, and how it is reached. */
export interface TaskHubUnderTest extends AsyncDisposable {
  /** Makes a connection of its own to the task hub. Who asked for it disposes of it; the hub stays. */
  connect(): Transport | Promise<Transport>;
}

/** The same transport for everybody who connects. It is disposed of with the hub. */
export function sharedTransport(transport: Transport): TaskHubUnderTest {
  return {
    connect: () => ({
      unary: (method, request, options) => transport.unary(method, request, options),
      stream: (method, request, options) => transport.stream(method, request, options),
      [Symbol.asyncDispose]: async () => {},
    }),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}
