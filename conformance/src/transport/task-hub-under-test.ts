import type { Transport } from "@durabletask/core";

/** A task hub that the suite runs against, and how it is reached. */
export interface TaskHubUnderTest extends AsyncDisposable {
  /** Makes a connection of its own to the task hub. Who asked for it disposes of it; the hub stays. */
  connect(): Transport | Promise<Transport>;
  /** The same way to a transport that a scenario brings: what crosses it is then seen from behind. */
  around(behind: Transport): Promise<TaskHubUnderTest>;
}

/** The same transport, `wrap` around `behind`, for everybody who connects. It is disposed of with the hub. */
export function sharedTransport(
  behind: Transport,
  wrap: (behind: Transport) => Transport = (transport) => transport,
): TaskHubUnderTest {
  const transport = wrap(behind);
  return {
    connect: () => ({
      unary: (method, request, options) => transport.unary(method, request, options),
      stream: (method, request, options) => transport.stream(method, request, options),
      [Symbol.asyncDispose]: async () => {},
    }),
    around: async (other) => sharedTransport(other, wrap),
    [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose](),
  };
}
