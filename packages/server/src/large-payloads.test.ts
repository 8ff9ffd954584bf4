import { createGrpcTransport as createConnectTransport } from "@connectrpc/connect-node";
import { type TaskHubService, createTaskHubService } from "@durabletask/core/spi";
import {
  type ConnectInterceptor,
  createGrpcTransport,
  type GrpcTransportOptions,
} from "@durabletask/grpc";
import { describe, expect, it } from "vitest";
import { serveScripted } from "../test/serve-scripted.ts";

const payload = "x".repeat(4_000_000);

const start = async (service: TaskHubService) =>
  Number((await service.startInstance({ input: payload })).instanceId);
const get = async (service: TaskHubService) =>
  (await service.getInstance({})).orchestrationState?.input?.length;

/** Makes 12 calls at once, and says how each ended: with the length of the payload, or with its error. */
async function callAtOnce(
  call: (service: TaskHubService) => Promise<unknown>,
  optionsFor: (baseUrl: string) => GrpcTransportOptions,
): Promise<ReadonlySet<unknown>> {
  await using served = await serveScripted(
    {},
    {
      startInstance: ({ input }) => ({ instanceId: String(input?.length) }),
      getInstance: () => ({ exists: true, orchestrationState: { input: payload } }),
    },
  );
  await using transport = createGrpcTransport(optionsFor(served.url));
  const service = createTaskHubService(transport);
  const calls = Array.from({ length: 12 }, () =>
    call(service).catch((error: unknown) => String(error)),
  );
  return new Set(await Promise.all(calls));
}

const passOn: ConnectInterceptor = (next) => (request) => next(request);

describe.each([
  ["lean", []],
  ["Connect", [passOn]],
])("many payloads of 4 MB at once, %s", (_, interceptors) => {
  it.each([
    ["there", start],
    ["back", get],
  ])("go %s", async (_way, call) => {
    const ends = await callAtOnce(call, (baseUrl) => ({ baseUrl, interceptors }));
    expect([...ends]).toEqual([payload.length]);
  });
});

it("calls that are too much at once for a transport of the user's say what to do", async () => {
  const ends = await callAtOnce(start, (baseUrl) => ({
    transport: createConnectTransport({ baseUrl }),
  }));
  expect([...ends]).toContainEqual(
    expect.stringMatching(/too much at once .* maxSessionMemory .*RESOURCE_EXHAUSTED/u),
  );
  const raised = await callAtOnce(start, (baseUrl) => ({
    transport: createConnectTransport({ baseUrl, nodeOptions: { maxSessionMemory: 1000 } }),
  }));
  expect([...raised]).toEqual([payload.length]);
});
