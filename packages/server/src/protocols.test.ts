import { get, request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { MessageShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { Transport as ConnectTransport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { openMemoryTaskHub } from "@durabletask/backend";
import { silentLogger, TaskHubError } from "@durabletask/core";
import type { CallOptions } from "@durabletask/core";
import {
  CreateInstanceRequestSchema,
  GetWorkItemsRequestSchema,
  TaskHubSidecarService,
} from "@durabletask/protobuf";
import { serve } from "./serve.ts";
import { expect, it } from "vitest";
import { authority, serverCertificate, serverKey } from "../test/certificates.ts";
import { RawClient, answerOf } from "../test/raw-client.ts";
import { serveScripted } from "../test/serve-scripted.ts";

const { startInstance, getWorkItems } = TaskHubSidecarService.method;
const tls = { cert: serverCertificate, key: serverKey };
const nodeOptions = { ca: authority };

const protocols: [string, (baseUrl: string) => ConnectTransport][] = [
  ["gRPC by HTTP/2", (baseUrl) => createGrpcTransport({ baseUrl, nodeOptions })],
  [
    "gRPC-Web by HTTP/1.1",
    (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1", nodeOptions }),
  ],
  [
    "gRPC-Web by HTTP/2",
    (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2", nodeOptions }),
  ],
  [
    "Connect by HTTP/1.1",
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions }),
  ],
  [
    "Connect by HTTP/2",
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", nodeOptions }),
  ],
  [
    "Connect in JSON",
    (baseUrl) =>
      createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false, nodeOptions }),
  ],
];

for (const security of ["plain", "TLS"]) {
  const options = security === "TLS" ? { tls } : {};

  it.each(protocols)(
    `carries calls and streams of %s, ${security}, on one port`,
    async (_, dial) => {
      await using served = await serveScripted(options, {
        startInstance: ({ instanceId }) => ({ instanceId }),
      });
      const connection = dial(served.url);
      const started = await unary(connection, { instanceId: "abc", name: "any" });
      expect(started.message).toMatchObject({ instanceId: "abc" });

      const abort = new AbortController();
      served.transport.offer({ completionToken: "token" });
      const stream = await connection.stream(
        getWorkItems,
        abort.signal,
        undefined,
        {},
        only(create(GetWorkItemsRequestSchema)),
      );
      const items = stream.message[Symbol.asyncIterator]();
      expect((await items.next()).value).toMatchObject({ completionToken: "token" });
      abort.abort();
      await items.next().catch(() => undefined);
    },
  );
}

it.each(protocols)("answers with the code that the transport gave, by %s", async (_, dial) => {
  await using served = await serveScripted(
    {},
    {
      startInstance: () => {
        throw new TaskHubError("ALREADY_EXISTS", "There is one.");
      },
    },
  );
  await expect(unary(dial(served.url), { instanceId: "abc" })).rejects.toMatchObject({
    code: 6,
    rawMessage: expect.stringContaining("There is one."),
  });
});

it("passes on what the caller sent along, without what is the wire's own", async () => {
  const seen: CallOptions[] = [];
  await using served = await serveScripted(
    {},
    {
      startInstance: (_, options) => {
        seen.push(options);
        return {};
      },
    },
  );
  await using client = new RawClient(served.url);
  const headers = {
    taskhub: "other",
    "x-user-agent": "sdk/1",
    authorization: "Bearer of-another",
    "grpc-timeout": "5S",
    "user-agent": "grpc/1",
    "grpc-accept-encoding": "identity",
  };
  await answerOf(client.send(startInstance, {}, headers));
  const [options] = seen;
  expect(options?.headers).toEqual({
    taskhub: "other",
    "x-user-agent": "sdk/1",
    authorization: "Bearer of-another",
  });
  expect(options?.timeoutMs).toBe(5000);
});

it("keeps its own token to itself", async () => {
  const seen: CallOptions[] = [];
  await using served = await serveScripted(
    { tokens: ["secret"] },
    {
      startInstance: (_, options) => {
        seen.push(options);
        return {};
      },
    },
  );
  await using client = new RawClient(served.url);
  await answerOf(client.send(startInstance, {}, { authorization: "Bearer secret" }));
  expect(seen).toEqual([expect.objectContaining({ headers: {} })]);
});

it("asks for the transport of the task hub that a call names", async () => {
  await using hub = await openMemoryTaskHub();
  const asked: string[] = [];
  await using server = await serve(
    (taskHub) => {
      asked.push(taskHub);
      if (taskHub === "none") throw new TaskHubError("NOT_FOUND", "There is no such task hub.");
      return hub;
    },
    { logger: silentLogger },
  );
  await using client = new RawClient(server.url);
  const start = (taskhub: Record<string, string>) =>
    answerOf(client.send(startInstance, { name: "any" }, taskhub));
  expect((await start({})).status).toBe(0);
  expect((await start({ taskhub: "other" })).status).toBe(0);
  const refused = await start({ taskhub: "none" });
  expect(refused).toMatchObject({
    status: 5,
    message: expect.stringContaining("no such task hub"),
  });
  const stream = await answerOf(client.send(getWorkItems, {}, { taskhub: "none" }));
  expect(stream).toMatchObject({ status: 5 });
  expect(asked).toEqual(["default", "other", "none", "none"]);
});

it("hides from callers what was not written for them, and logs it", async () => {
  const lines: unknown[] = [];
  await using served = await serveScripted(
    { logger: { error: (fields) => lines.push(fields) } },
    {
      startInstance: () => {
        throw new Error("password=1234");
      },
    },
  );
  await using client = new RawClient(served.url);
  const answer = await answerOf(client.send(startInstance, {}));
  expect(answer.status).toBe(13);
  expect(answer.message).not.toContain("password");
  expect(lines).toEqual([
    expect.objectContaining({
      event: "server.call-failed",
      method: "StartInstance",
      taskHub: "default",
      error: expect.objectContaining({ message: "password=1234" }),
    }),
  ]);
});

it("answers a call by a name that it does not have with UNIMPLEMENTED", async () => {
  await using served = await serveScripted();
  await using client = new RawClient(served.url);
  const stream = client.session.request({
    ":method": "POST",
    ":path": "/TaskHubSidecarService/FromTheFuture",
    "content-type": "application/grpc",
  });
  stream.end(Buffer.alloc(5));
  expect(await answerOf(stream)).toMatchObject({ status: 12 });
});

it("answers probes by HTTP/1.1 and HTTP/2, without a token, with TLS and without", async () => {
  await using served = await serveScripted({ tokens: ["secret"] });
  const response = await fetch(`${served.url}/healthz`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({ status: "ok" });
  await using client = new RawClient(served.url);
  const answer = await answerOf(client.session.request({ ":path": "/healthz" }));
  expect(JSON.parse(String(answer.body))).toEqual({ status: "ok" });
  expect((await fetch(`${served.url}/elsewhere`)).status).toBe(404);

  await using secure = await serveScripted({ tls });
  const status = await new Promise((resolve, reject) => {
    get(`${secure.url}/healthz`, { ca: authority }, (seen) => {
      seen.resume();
      resolve(seen.statusCode);
    }).on("error", reject);
  });
  expect(status).toBe(200);
});

it("recognises HTTP/2 however its first bytes arrive, and HTTP/1.1", async () => {
  await using served = await serveScripted();
  const { port } = new URL(served.url);
  const bytes = Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    // An empty SETTINGS frame.
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  ]);
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
  for (const byte of bytes) {
    await new Promise((resolve) => socket.write(Buffer.from([byte]), resolve));
    await new Promise(setImmediate);
  }
  const [first] = await new Promise<[Buffer]>((resolve) =>
    socket.once("data", (chunk) => resolve([chunk])),
  );
  // The type of the first frame: SETTINGS.
  expect(first[3]).toBe(4);
  socket.destroy();
});

it("refuses a client that does not trust it, and one that speaks without TLS", async () => {
  await using served = await serveScripted({ tls });
  await expect(
    new Promise((_, reject) => {
      httpsRequest(served.url).on("error", reject).end();
    }),
  ).rejects.toThrow(/certificate/u);
  await expect(fetch(served.url.replace("https", "http"))).rejects.toThrow(/fetch failed/u);
  expect(await statusOf(served.url)).toBe(200);
});

async function statusOf(url: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    get(`${url}/healthz`, { ca: authority }, ({ statusCode }) => resolve(statusCode)).on(
      "error",
      reject,
    );
  });
}

async function unary(
  connection: ConnectTransport,
  request: Partial<MessageShape<typeof CreateInstanceRequestSchema>>,
) {
  return await connection.unary(
    startInstance,
    undefined,
    undefined,
    {},
    create(CreateInstanceRequestSchema, request as never),
  );
}

async function* only<T>(message: T) {
  yield message;
}
