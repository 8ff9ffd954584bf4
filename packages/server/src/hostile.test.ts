import { once } from "node:events";
import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { openMemoryTaskHub } from "@durabletask/backend";
import {
  defineActivity,
  defineOrchestrator,
  silentLogger,
  TaskHubClient,
  TaskHubWorker,
  type Transport,
} from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import {
  CreateInstanceRequestSchema,
  GetWorkItemsRequestSchema,
  OrchestrationStatus,
  type OrchestratorAction,
  OrchestratorActionSchema,
  OrchestratorResponseSchema,
  TaskHubSidecarService,
} from "@durabletask/protobuf";
import { serve } from "./serve.ts";
import { createGrpcTransport } from "@durabletask/grpc";
import { describe, expect, it } from "vitest";
import { settle } from "../test/settle.ts";
import { answerOf, frame, RawClient, ways } from "../test/raw-client.ts";

const {
  waitForInstanceStart,
  startInstance,
  getWorkItems,
  completeActivityTask,
  completeOrchestratorTask,
} = TaskHubSidecarService.method;
const { abandonTaskActivityWorkItem, abandonTaskOrchestratorWorkItem } =
  TaskHubSidecarService.method;

const double = defineActivity("double", async (_, n: number) => n * 2);
const chain = defineOrchestrator("chain", async (ctx, n: number) => {
  const once = await ctx.callActivity(double, n);
  return await ctx.callActivity(double, once);
});

describe.each(ways)("the %s way", (_way, way) => {
  describe("a server goes on serving others after", () => {
    it.each([
      ["garbage", Buffer.from("\0\u0001garbage\r\n\r\nmore garbage")],
      ["garbage after the preface", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage!")],
      ["the preface alone, and then the end", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
      ["half a preface, and then the end", Buffer.from("PRI * HT")],
      ["half a request of HTTP/1.1", Buffer.from("POST / HTTP/1.1\r\nhost: a\r\ncontent-le")],
      [
        "a request to be another protocol",
        Buffer.from("GET / HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n"),
      ],
      ["a record of TLS", Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05, 1, 0, 0, 1, 0])],
    ])("%s", async (_, bytes) => {
      await using served = await serveMemory();
      const { hostname, port } = new URL(served.url);
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on("error", () => undefined);
      socket.end(bytes);
      socket.resume();
      await once(socket, "close");
      await expectAlive(served.url);
    });

    it("frames that are no frames of gRPC", async () => {
      await using served = await serveMemory();
      await using client = new RawClient(served.url, way);
      for (const method of [startInstance, getWorkItems, completeActivityTask]) {
        const bodies: [Buffer, number[]][] = [
          // No message, half of an envelope, an envelope without its message, two messages, no protobuf, unknown flags.
          [Buffer.alloc(0), [12, 13, 3]],
          [Buffer.alloc(3), [3, 13]],
          [Buffer.from([0, 0, 0, 0, 9, 1]), [3, 13]],
          [Buffer.concat([frame(Buffer.alloc(0)), frame(Buffer.alloc(0))]), [12, 13, 3]],
          [frame(Buffer.from([0xff, 0xff, 0xff, 0xff])), [3, 13]],
          [frame(Buffer.from("x"), 1), [3, 12, 13]],
        ];
        for (const [body, statuses] of bodies) {
          const stream = client.open(method);
          stream.end(body);
          const { status } = await answerOf(stream);
          expect({
            method: method.name,
            body,
            status,
            ok: statuses.includes(status ?? -1),
          }).toEqual(expect.objectContaining({ ok: true }));
        }
      }
      await expectAlive(served.url);
    });

    it("wrong content types and methods", async () => {
      await using served = await serveMemory();
      await using client = new RawClient(served.url, way);
      for (const method of [startInstance, getWorkItems, completeActivityTask]) {
        for (const type of [
          "text/html",
          "application/grpc+cbor",
          "",
          "application/x-www-form-urlencoded",
        ]) {
          const answer = await answerOf(client.send(method, {}, { "content-type": type }));
          expect(answer.headers[":status"]).toBe(415);
        }
        const get = client.session.request({ ":path": `/TaskHubSidecarService/${method.name}` });
        expect((await answerOf(get)).headers[":status"]).toBe(405);
      }
      await expectAlive(served.url);
    });

    it("streams that are reset at every point", async () => {
      await using served = await serveMemory();
      await using client = new RawClient(served.url, way);
      const methods = [startInstance, getWorkItems, completeActivityTask, waitForInstanceStart];
      for (const method of methods) {
        for (const code of [0, 2, 8]) {
          const early = client.open(method);
          const half = client.open(method);
          half.write(Buffer.from([0, 0, 0, 0]));
          const whole = client.send(method, {});
          const waiting = client.send(method, { instanceId: "none" });
          await new Promise((resolve) => client.session.ping(resolve));
          for (const stream of [early, half, whole, waiting]) {
            // What was answered already must be read for the stream to close.
            stream.resume().close(code);
            if (!stream.destroyed) await new Promise((resolve) => stream.once("close", resolve));
          }
        }
      }
      await expectAlive(served.url);
    });

    it("a goodbye (GOAWAY), after which the streams that are open go on", async () => {
      await using served = await serveMemory();
      await using client = new RawClient(served.url, way);
      const worker = client.send(getWorkItems, {});
      await once(client.session, "localSettings");
      client.session.goaway();
      await new Promise((resolve) => client.session.ping(resolve));
      await expectAlive(served.url);
      expect(String(await once(worker, "data"))).toContain("any");
    });

    it("two hundred workers that connect and die: what they had is done by others", async () => {
      await using served = await serveMemory();
      await using transport = createGrpcTransport({ baseUrl: served.url });
      const client = new TaskHubClient(transport, { logger: silentLogger });
      const ids = await Promise.all(
        Array.from({ length: 20 }, (_, n) => client.scheduleNewOrchestration(chain, n)),
      );
      for (let wave = 0; wave < 10; wave++) {
        await Promise.all(
          Array.from({ length: 20 }, async (_, n) => {
            const worker = new RawClient(served.url, way);
            const stream = worker.send(getWorkItems, { maxConcurrentOrchestrationWorkItems: 1 });
            if (n % 2 === 0) await Promise.race([once(stream, "data"), settle()]);
            // Half of them say goodbye, half are cut off.
            if (n % 4 < 2) stream.close(8);
            else worker.session.socket.destroy();
            await worker[Symbol.asyncDispose]();
          }),
        );
      }
      await using worker = new TaskHubWorker(transport, { logger: silentLogger }).register(
        double,
        chain,
      );
      await worker.start();
      for (const [n, id] of ids.entries()) {
        const state = await client.waitForOrchestrationCompletion(id);
        expect(state.output).toBe(n * 4);
      }
      expect(served.hub.stats()).toMatchObject({ leasedTurns: 0, leasedActivities: 0, streams: 1 });
    }, 30_000);
  });

  describe("a newer peer", () => {
    it("may send fields that nobody knows", async () => {
      await using served = await serveMemory();
      await using client = new RawClient(served.url, way);
      const known = toBinary(
        CreateInstanceRequestSchema,
        create(CreateInstanceRequestSchema, { name: "any" }),
      );
      const unknown = new BinaryWriter().tag(999, WireType.LengthDelimited).string("?").finish();
      const stream = client.open(startInstance, { "grpc-future": "1", "x-future": "2" });
      stream.end(frame(Buffer.concat([known, unknown])));
      expect((await answerOf(stream)).status).toBe(0);
      const worker = client.open(getWorkItems);
      const hello = toBinary(
        GetWorkItemsRequestSchema,
        // A capability of tomorrow.
        create(GetWorkItemsRequestSchema, { capabilities: [999 as never] }),
      );
      worker.end(frame(Buffer.concat([hello, unknown])));
      await once(worker, "data");
    });

    it("may send an action that nobody knows: its instance fails, and says why", async () => {
      await using served = await serveMemory();
      await using transport = createGrpcTransport({ baseUrl: served.url });
      const client = new TaskHubClient(transport, { logger: silentLogger });
      const id = await client.scheduleNewOrchestration("any");
      const token = await tokensOf(transport)();
      const action = new BinaryWriter()
        .raw(toBinary(OrchestratorActionSchema, create(OrchestratorActionSchema, { id: 1 })))
        .tag(99, WireType.LengthDelimited)
        .bytes(new Uint8Array());
      const response = create(OrchestratorResponseSchema, {
        instanceId: id,
        completionToken: token,
      });
      const bytes = new BinaryWriter()
        .raw(toBinary(OrchestratorResponseSchema, response))
        .tag(OrchestratorResponseSchema.field.actions.number, WireType.LengthDelimited)
        .bytes(action.finish())
        .finish();
      await using raw = new RawClient(served.url, way);
      const stream = raw.open(completeOrchestratorTask);
      stream.end(frame(bytes));
      expect((await answerOf(stream)).status).toBe(0);
      const state = await client.waitForOrchestrationCompletion(id);
      expect(state.failure).toMatchObject({ errorType: "UnknownAction" });
    });
  });

  describe("a worker that answers for what it does not have", () => {
    it.each([
      ["a made-up token", { completionToken: "made-up", instanceId: "abc", taskId: 0 }],
      ["no token, and a task that is not open", { instanceId: "abc", taskId: 7 }],
      ["an instance that does not exist", { instanceId: "none", taskId: 0 }],
    ])("changes nothing: %s", async (_, completion) => {
      await using served = await serveMemory();
      await using client = new RawClient(served.url, way);
      await answerOf(client.send(startInstance, { instanceId: "abc", name: "any" }));
      const { commits, rows } = served.hub.stats();
      const made = { completionToken: "made-up" };
      for (let time = 0; time < 2; time++) {
        // Not an error, at which workers of other SDKs would give up their stream.
        const answers = await Promise.all([
          answerOf(client.send(completeActivityTask, completion)),
          answerOf(client.send(completeOrchestratorTask, { ...completion, ...made })),
          answerOf(client.send(abandonTaskActivityWorkItem, made)),
          answerOf(client.send(abandonTaskOrchestratorWorkItem, made)),
        ]);
        expect(answers.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
      }
      expect(served.hub.stats()).toMatchObject({ commits, rows, readyTurns: 1 });
    });

    it("is counted once, however often and whenever it answers", async () => {
      await using served = await serveMemory();
      await using transport = createGrpcTransport({ baseUrl: served.url });
      const client = new TaskHubClient(transport, { logger: silentLogger });
      const id = await client.scheduleNewOrchestration("any");
      const next = tokensOf(transport);
      const service = createTaskHubService(transport);
      const answer = (completionToken: string, action: OrchestratorAction) =>
        service.completeOrchestratorTask({ instanceId: id, completionToken, actions: [action] });
      const finish = (completionToken: string, result: string) =>
        service.completeActivityTask({ instanceId: id, taskId: 1, completionToken, result });
      const first = await next();
      await answer(first, schedule(1));
      const call = await next();
      await finish(call, "10");
      await finish(call, "11");
      await answer(first, complete(2, JSON.stringify("too early")));
      const second = await next();
      await finish(call, "12");
      await answer(second, complete(2, JSON.stringify("right")));
      await answer(second, complete(2, JSON.stringify("again")));
      const state = await client.waitForOrchestrationCompletion(id);
      expect(state.output).toBe("right");
      const history = await client.getOrchestrationHistory(id);
      expect(history.filter(({ type }) => type === "taskCompleted")).toMatchObject([
        { result: "10" },
      ]);
    });
  });
});

/** Opens a stream of work, and gives the completion token of each item that comes. */
function tokensOf(transport: Transport): () => Promise<string> {
  const service = createTaskHubService(transport);
  const credits = { maxConcurrentOrchestrationWorkItems: 9, maxConcurrentActivityWorkItems: 9 };
  const items = service.getWorkItems(credits)[Symbol.asyncIterator]();
  return async () => {
    const { value } = await items.next();
    if (!value) throw new Error("the stream has ended");
    return value.completionToken;
  };
}

function schedule(id: number): OrchestratorAction {
  return create(OrchestratorActionSchema, {
    id,
    orchestratorActionType: { case: "scheduleTask", value: { name: "work" } },
  });
}

function complete(id: number, result: string): OrchestratorAction {
  return create(OrchestratorActionSchema, {
    id,
    orchestratorActionType: {
      case: "completeOrchestration",
      value: { orchestrationStatus: OrchestrationStatus.COMPLETED, result },
    },
  });
}

async function serveMemory() {
  const hub = await openMemoryTaskHub({
    logger: silentLogger,
    gracePeriod: { milliseconds: 50 },
  });
  const server = await serve(() => hub, { logger: silentLogger });
  const dispose = async () => {
    await server.close();
    await hub.close();
  };
  return { url: server.url, hub, [Symbol.asyncDispose]: dispose };
}

async function expectAlive(url: string): Promise<void> {
  await using client = new RawClient(url);
  expect((await answerOf(client.send(startInstance, { name: "any" }))).status).toBe(0);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
}
