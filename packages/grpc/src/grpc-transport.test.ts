import { Code, ConnectError, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { InvalidArgumentError, TaskHubError } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import { fixedPort } from "@durabletask/test-kit";
import { expect, it } from "vitest";
import { answer, instanceFrame, serveRaw } from "../test/raw-server.ts";
import { toConnectError } from "./connect-error.ts";
import { createGrpcTransport } from "./grpc-transport.ts";
import type { GrpcTransportOptions } from "./options.ts";

it("takes a transport of Connect's, and gives it headers, limits and errors of core", async () => {
  const seen: Headers[] = [];
  const details = [{ type: "a.B", value: Uint8Array.of(1) }];
  const connect = createRouterTransport((router) => {
    router.rpc(TaskHubSidecarService.method.getInstance, (_request, { requestHeader }) => {
      seen.push(requestHeader);
      return { exists: true };
    });
    router.rpc(TaskHubSidecarService.method.raiseEvent, () => {
      throw toConnectError(new TaskHubError("NOT_FOUND", "gone", { details }));
    });
    router.rpc(TaskHubSidecarService.method.getWorkItems, async function* items() {
      yield { completionToken: "1" };
      throw new ConnectError("later", Code.Unavailable);
    });
  });
  await using transport = createGrpcTransport({ transport: connect, taskHub: "blue" });
  const service = createTaskHubService(transport);
  expect((await service.getInstance({})).exists).toBe(true);
  expect(seen[0]?.get("taskhub")).toBe("blue");
  expect(seen[0]?.get("x-user-agent")).toMatch(/^durabletask-typescript\//u);
  await expect(service.raiseEvent({})).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: "gone (docs/errors/NOT_FOUND.md)",
    details,
  });
  const stream = service.getWorkItems({})[Symbol.asyncIterator]();
  expect((await stream.next()).value?.completionToken).toBe("1");
  await expect(stream.next()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(service.queryInstances({})).rejects.toMatchObject({
    code: "UNIMPLEMENTED",
  });
});

it("takes interceptors that are typed as Connect's, and those that are not", async () => {
  await using server = await serveRaw((stream) => answer(stream, [instanceFrame()]));
  const seen: string[] = [];
  const typed: Interceptor = (next) => (request) => {
    seen.push(request.method.name);
    return next(request);
  };
  await using transport = createGrpcTransport({
    baseUrl: server.url,
    interceptors: [
      typed,
      (next) => async (request) => {
        seen.push(request.header.get("x-user-agent") ?? "");
        return await next(request);
      },
    ],
  });
  await createTaskHubService(transport).getInstance({});
  expect(seen).toEqual(["GetInstance", expect.stringMatching(/^durabletask-typescript/u)]);
});

it("tries again what can be repeated until a server is there, and nothing else", async () => {
  const port = await fixedPort();
  const baseUrl = `http://127.0.0.1:${port}`;
  await using transport = createGrpcTransport({ baseUrl });
  const service = createTaskHubService(transport);
  await expect(service.raiseEvent({})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  const read = service.getInstance({});
  await expect(service.startInstance({})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await using late = await serveRaw((stream) => answer(stream, [instanceFrame()]), { port });
  expect((await read).exists).toBe(true);
  expect(late.url).toBe(baseUrl);
});

it.each([
  [{ baseUrl: "ftp://hub" }, "not the address"],
  [{}, "give the address"],
  [{ baseUrl: "hub:1", readMaxBytes: 0 }, "readMaxBytes is 0"],
  [{ baseUrl: "hub:1", writeMaxBytes: 1.5 }, "writeMaxBytes is 1.5"],
  [{ baseUrl: "hub:1", pingInterval: { seconds: 0 } }, "pingInterval"],
  [{ baseUrl: "hub:1", pingTimeout: { minuets: 1 } }, "pingTimeout"],
  [{ baseUrl: "hub:1", taskHub: "a\nb" }, "printable ASCII"],
  [{ baseUrl: "hub:1", headers: { te: "x" } }, "the protocol's own"],
])("refuses %j", (options, why) => {
  // What JavaScript may pass.
  const create = () => createGrpcTransport(options as unknown as GrpcTransportOptions);
  expect(create).toThrow(InvalidArgumentError);
  expect(create).toThrow(why);
});
