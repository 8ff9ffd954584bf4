import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedTaskHub, openMemoryTaskHub } from "@durabletask/backend";
import { silentLogger, type Transport } from "@durabletask/core";
import { createGrpcTransport, type GrpcAddressOptions } from "@durabletask/grpc";
import { serve } from "@durabletask/server";
import { openTaskHub } from "@durabletask/sqlite";
import { throughBytes } from "./custom/byte-transport.ts";
import { deepFrozen } from "./custom/frozen-transport.ts";
import { serveJson } from "./custom/json-server.ts";
import { createJsonTransport } from "./custom/json-transport.ts";
import { sharedTransport, type TaskHubUnderTest } from "./task-hub-under-test.ts";
import { describeTransport } from "./transport-suite.ts";

const options = { logger: silentLogger };

/** A task hub, and what goes with it when it is closed. */
interface OpenHub extends AsyncDisposable {
  readonly hub: EmbeddedTaskHub;
}

async function inMemory(): Promise<OpenHub> {
  const hub = await openMemoryTaskHub(options);
  return { hub, [Symbol.asyncDispose]: () => hub.close() };
}

async function onSqlite(): Promise<OpenHub> {
  const folder = mkdtempDisposableSync(join(tmpdir(), "durabletask-"));
  const hub = await openTaskHub(join(folder.path, "hub.db"), options);
  return {
    hub,
    async [Symbol.asyncDispose]() {
      await hub.close();
      folder.remove();
    },
  };
}

/** Disposes of the hub after what leads to it. */
function closing(way: TaskHubUnderTest, opened: OpenHub): TaskHubUnderTest {
  return {
    connect: () => way.connect(),
    around: (behind) => way.around(behind),
    async [Symbol.asyncDispose]() {
      await way[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** Everybody shares one transport, which is the hub itself or wraps it. */
async function shared(
  open: () => Promise<OpenHub>,
  wrap?: (transport: Transport) => Transport,
): Promise<TaskHubUnderTest> {
  const opened = await open();
  return closing(sharedTransport(opened.hub, wrap), opened);
}

type Start = (behind: Transport) => Promise<{ readonly url: string } & AsyncDisposable>;

/** What is served is behind a server, and each connection is one of its own. */
async function through(
  behind: Transport,
  start: Start,
  dial: (url: string) => Transport,
): Promise<TaskHubUnderTest> {
  const server = await start(behind);
  return {
    connect: () => dial(server.url),
    around: (other) => through(other, start, dial),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function served(
  open: () => Promise<OpenHub>,
  start: Start,
  dial: (url: string) => Transport,
): Promise<TaskHubUnderTest> {
  const opened = await open();
  return closing(await through(opened.hub, start, dial), opened);
}

const overGrpc = (
  open: () => Promise<OpenHub>,
  options: Pick<GrpcAddressOptions, "interceptors"> = {},
): Promise<TaskHubUnderTest> =>
  served(
    open,
    (hub) => serve(() => hub),
    (baseUrl) => createGrpcTransport({ ...options, baseUrl }),
  );

/** One that does nothing: with it, Connect carries the messages. */
const interceptors: GrpcAddressOptions["interceptors"] = [(next) => (request) => next(request)];

describeTransport("in process, memory", () => shared(inMemory));
describeTransport("in process, SQLite", () => shared(onSqlite));
describeTransport("every message as bytes", () => shared(inMemory, throughBytes));
describeTransport("every message frozen", () => shared(inMemory, deepFrozen));
describeTransport("gRPC, server, memory", () => overGrpc(inMemory));
describeTransport("gRPC, server, SQLite", () => overGrpc(onSqlite));
describeTransport("gRPC by Connect, server, memory", () => overGrpc(inMemory, { interceptors }));
describeTransport("JSON over HTTP and server-sent events", () =>
  served(inMemory, serveJson, createJsonTransport),
);
