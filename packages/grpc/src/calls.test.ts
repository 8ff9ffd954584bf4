import { gzipSync } from "node:zlib";
import { create } from "@bufbuild/protobuf";
import { TaskHubError, type Transport } from "@durabletask/core";
import { createTaskHubService, type TaskHubService } from "@durabletask/core/spi";
import {
  GetInstanceResponseSchema,
  type OrchestrationStatus,
  TaskHubSidecarService,
} from "@durabletask/protobuf";
import { fixedPort } from "@durabletask/test-kit";
import { describe, expect, it } from "vitest";
import { paths } from "../test/paths.ts";
import {
  answer,
  begin,
  end,
  type Handler,
  instanceFrame,
  itemFrame,
  type RawServer,
  serveRaw,
  serveTcp,
} from "../test/raw-server.ts";
import { encodeFrame } from "./framing.ts";
import { encodeStatus } from "./rpc-status.ts";

const { method: methods } = TaskHubSidecarService;

/** What HTTP/2 begins with (RFC 9113, 6.5), and the answer to it. */
const emptySettings = Buffer.from("000000040000000000", "hex");
const settingsTaken = Buffer.from("000000040100000000", "hex");

function getInstance(
  transport: Transport,
  options: Parameters<TaskHubService["getInstance"]>[1] = {},
) {
  return createTaskHubService(transport).getInstance({ instanceId: "a" }, options);
}

function workItems(
  transport: Transport,
  options: Parameters<TaskHubService["getWorkItems"]>[1] = {},
) {
  return createTaskHubService(transport).getWorkItems({}, options)[Symbol.asyncIterator]();
}

function compressed(frame: Buffer): Buffer {
  const data = gzipSync(frame.subarray(5));
  const prefix = Buffer.from([1, 0, 0, 0, 0]);
  prefix.writeUInt32BE(data.length, 1);
  return Buffer.concat([prefix, data]);
}

describe.each(paths)("a call over gRPC, %s", (_, dial) => {
  async function withServer(
    handler: Handler,
    use: (transport: Transport, server: RawServer) => Promise<void>,
    options: Parameters<typeof dial>[1] = {},
  ): Promise<void> {
    await using server = await serveRaw(handler);
    await using transport = dial(server.url, options);
    await use(transport, server);
  }

  describe("unary", () => {
    it("sends what gRPC wants, with the user's headers", async () => {
      let seen: Record<string, unknown> = {};
      await withServer(
        (stream, headers) => {
          seen = headers;
          answer(stream, [instanceFrame()]);
        },
        async (transport) => {
          const { exists } = await getInstance(transport, {
            timeoutMs: 5000,
            headers: { Own: "1" },
          });
          expect(exists).toBe(true);
        },
        { taskHub: "blue", headers: { authorization: "Bearer x" } },
      );
      expect(seen).toMatchObject({
        ":method": "POST",
        ":path": "/TaskHubSidecarService/GetInstance",
        "content-type": "application/grpc+proto",
        te: "trailers",
        "grpc-timeout": "5000m",
        taskhub: "blue",
        authorization: "Bearer x",
        own: "1",
        "x-user-agent": expect.stringMatching(/^durabletask-typescript\/\d/u),
      });
    });

    it("rejects with headers that cannot be", async () => {
      await withServer(
        () => {},
        async (transport) => {
          const headers = { "grpc-timeout": "1S" };
          await expect(getInstance(transport, { headers })).rejects.toMatchObject({
            code: "INVALID_ARGUMENT",
          });
        },
      );
    });

    it("has a time limit of its own", async () => {
      const seen: unknown[] = [];
      await withServer(
        (stream, headers) => {
          seen.push(headers["grpc-timeout"]);
          answer(stream, [instanceFrame()]);
        },
        async (transport) => {
          await getInstance(transport);
        },
      );
      expect(seen).toEqual(["30000m"]);
    });

    it("fails with the status of the trailers, details kept", async () => {
      const details = [{ type: "google.rpc.RetryInfo", value: Uint8Array.of(8, 1) }];
      const status = { code: 9, message: "zu spät, 100 %", details };
      await withServer(
        (stream) => answer(stream, [], { ...encodeStatus(status) }),
        async (transport) => {
          const error = await getInstance(transport).catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(TaskHubError);
          expect(error).toMatchObject({
            code: "FAILED_PRECONDITION",
            message: "zu spät, 100 % (docs/errors/FAILED_PRECONDITION.md)",
            details,
          });
        },
      );
    });

    it("fails with a status that comes instead of an answer", async () => {
      await withServer(
        (stream) =>
          stream.respond(
            {
              ":status": 200,
              "content-type": "application/grpc",
              "grpc-status": "5",
              "grpc-message": "gone%21",
            },
            { endStream: true },
          ),
        async (transport) => {
          await expect(getInstance(transport)).rejects.toMatchObject({
            code: "NOT_FOUND",
            message: expect.stringMatching(/^gone! \(/u),
          });
        },
      );
    });

    it.each([
      [401, "UNAUTHENTICATED"],
      [403, "PERMISSION_DENIED"],
      [404, "UNIMPLEMENTED"],
      [503, "UNAVAILABLE"],
      [500, "UNKNOWN"],
    ])("fails with what HTTP status %i means: %s", async (status, code) => {
      await withServer(
        (stream) => {
          stream.respond({ ":status": status, "content-type": "text/html" });
          stream.end("<h1>no</h1>");
        },
        async (transport) => {
          await expect(getInstance(transport)).rejects.toMatchObject({ code });
        },
      );
    });

    it("fails at an answer of another content type", async () => {
      await withServer(
        (stream) => {
          stream.respond({ ":status": 200, "content-type": "text/html" });
          stream.end("<h1>welcome</h1>");
        },
        async (transport) => {
          await expect(getInstance(transport)).rejects.toMatchObject({
            code: "UNKNOWN",
            message: expect.stringContaining("text/html"),
          });
        },
      );
    });

    it.each([
      ["no message", []],
      ["two messages", [instanceFrame(), instanceFrame()]],
    ])("fails at an answer of %s", async (_what, frames) => {
      await withServer(
        (stream) => answer(stream, frames),
        async (transport) => {
          await expect(getInstance(transport)).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
        },
      );
    });

    it("fails at an answer that is no message", async () => {
      await withServer(
        (stream) => answer(stream, [Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff])]),
        async (transport) => {
          await expect(getInstance(transport)).rejects.toBeInstanceOf(TaskHubError);
        },
      );
    });

    it("fails at an answer without a status", async () => {
      await withServer(
        (stream) => {
          stream.respond({ ":status": 200, "content-type": "application/grpc" });
          stream.end(instanceFrame());
        },
        async (transport) => {
          await expect(getInstance(transport)).rejects.toBeInstanceOf(TaskHubError);
        },
      );
    });

    it("ends at its time limit when a server accepts and never answers, and tells the server", async () => {
      const closed = Promise.withResolvers<number>();
      let calls = 0;
      await withServer(
        (stream) => {
          calls += 1;
          if (calls === 1) answer(stream, [instanceFrame()]);
          else stream.once("close", () => closed.resolve(stream.rstCode));
        },
        async (transport) => {
          // On a connection that stands the request is under way before any time has passed.
          await getInstance(transport);
          await expect(getInstance(transport, { timeoutMs: 30 })).rejects.toMatchObject({
            code: "DEADLINE_EXCEEDED",
          });
          await closed.promise;
        },
      );
    });

    it("ends at once when there is no time left", async () => {
      await withServer(
        () => {},
        async (transport) => {
          await expect(getInstance(transport, { timeoutMs: 0 })).rejects.toMatchObject({
            code: "DEADLINE_EXCEEDED",
          });
        },
      );
    });

    it("ends with the reason of its signal, and tells the server", async () => {
      const closed = Promise.withResolvers<number>();
      const opened = Promise.withResolvers<void>();
      await withServer(
        (stream) => {
          opened.resolve();
          stream.once("close", () => closed.resolve(stream.rstCode));
        },
        async (transport) => {
          const controller = new AbortController();
          const reason = new Error("enough");
          const calls = [1, 2].map(() => getInstance(transport, { signal: controller.signal }));
          await opened.promise;
          controller.abort(reason);
          for (const call of calls) await expect(call).rejects.toBe(reason);
          expect(await closed.promise).toBe(8);
          await expect(getInstance(transport, { signal: controller.signal })).rejects.toBe(reason);
        },
      );
    });

    it.each([
      [2, "INTERNAL"],
      [7, "UNAVAILABLE"],
      [8, "UNAVAILABLE"],
      [11, "RESOURCE_EXHAUSTED"],
    ])("fails with what RST_STREAM %i means: %s", async (rstCode, code) => {
      await withServer(
        (stream) => stream.close(rstCode),
        async (transport) => {
          await expect(getInstance(transport)).rejects.toMatchObject({ code });
        },
      );
    });

    it("is made once more when the server has not begun with it, whatever it is", async () => {
      let calls = 0;
      await withServer(
        (stream) => {
          calls += 1;
          if (calls === 1 || calls > 2) stream.close(7);
          else answer(stream, [Buffer.from([0, 0, 0, 0, 0])]);
        },
        async (transport) => {
          const service = createTaskHubService(transport);
          await service.raiseEvent({ instanceId: "a", name: "b" });
          expect(calls).toBe(2);
          await expect(service.raiseEvent({})).rejects.toMatchObject({ code: "UNAVAILABLE" });
          expect(calls).toBe(4);
        },
      );
    });

    it("reads a compressed answer", async () => {
      await withServer(
        (stream) => {
          begin(stream, { "grpc-encoding": "gzip" });
          stream.write(compressed(instanceFrame()));
          end(stream);
        },
        async (transport) => {
          expect((await getInstance(transport)).exists).toBe(true);
        },
      );
    });

    it("refuses what a bomb unpacks to", async () => {
      const bomb = itemFrame({ completionToken: "0".repeat(1_000_000) });
      await withServer(
        (stream) => {
          begin(stream, { "grpc-encoding": "gzip" });
          stream.write(compressed(bomb));
          end(stream);
        },
        async (transport) => {
          await expect(getInstance(transport)).rejects.toMatchObject({
            code: "RESOURCE_EXHAUSTED",
          });
        },
        { readMaxBytes: 10_000 },
      );
    });

    it("refuses messages above the limits, and takes 5 MB where there are none", async () => {
      const large = itemFrame({ completionToken: "x".repeat(5_000_000) });
      const respond: Handler = (stream) => answer(stream, [large]);
      await withServer(respond, async (transport) => {
        expect((await workItems(transport).next()).value?.completionToken).toHaveLength(5_000_000);
      });
      await withServer(
        respond,
        async (transport) => {
          await expect(getInstance(transport)).rejects.toMatchObject({
            code: "RESOURCE_EXHAUSTED",
          });
          await expect(workItems(transport).next()).rejects.toMatchObject({
            code: "RESOURCE_EXHAUSTED",
          });
        },
        { readMaxBytes: 1000 },
      );
      await withServer(
        respond,
        async (transport) => {
          const request = create(methods.hello.input, {});
          await transport.unary(methods.hello, request).catch(() => {});
          const long = create(methods.getInstance.input, { instanceId: "x".repeat(100) });
          await expect(transport.unary(methods.getInstance, long)).rejects.toMatchObject({
            code: "RESOURCE_EXHAUSTED",
          });
        },
        { writeMaxBytes: 50 },
      );
    });

    it("fails at oversized headers, and the next call does not", async () => {
      let calls = 0;
      await withServer(
        (stream) => {
          calls += 1;
          const padding =
            calls === 1 ? Array.from({ length: 300 }, (__, i) => [`x-${i}`, "y"]) : [];
          begin(stream, Object.fromEntries(padding) as Record<string, string>);
          stream.write(instanceFrame());
          end(stream);
        },
        async (transport) => {
          await expect(getInstance(transport)).rejects.toBeInstanceOf(TaskHubError);
          expect((await getInstance(transport)).exists).toBe(true);
        },
      );
    });

    it("reads what a newer peer adds", async () => {
      const response = create(GetInstanceResponseSchema, {
        exists: true,
        orchestrationState: {
          instanceId: "a",
          orchestrationStatus: 99 as OrchestrationStatus,
        },
      });
      response.$unknown = [{ no: 1000, wireType: 0, data: Uint8Array.of(1) }];
      await withServer(
        (stream) => answer(stream, [encodeFrame(GetInstanceResponseSchema, response, 1e9)]),
        async (transport) => {
          const { exists, orchestrationState } = await getInstance(transport);
          expect(exists).toBe(true);
          expect(orchestrationState).toMatchObject({ instanceId: "a", orchestrationStatus: 99 });
        },
      );
    });
  });

  describe("stream", () => {
    it("opens nothing before it is read, and gives messages, then the end", async () => {
      let opened = 0;
      await withServer(
        (stream) => {
          opened += 1;
          answer(
            stream,
            ["1", "2", "3"].map((completionToken) => itemFrame({ completionToken })),
          );
        },
        async (transport) => {
          const stream = workItems(transport);
          await getInstance(transport).catch(() => {});
          expect(opened).toBe(1);
          const tokens: unknown[] = [];
          for (let next = await stream.next(); !next.done; next = await stream.next()) {
            tokens.push(next.value.completionToken);
          }
          expect(tokens).toEqual(["1", "2", "3"]);
          expect(await stream.next()).toEqual({ done: true, value: undefined });
        },
      );
    });

    it("gives what came before an error, then the error once, with its details", async () => {
      const details = [{ type: "a.B", value: Uint8Array.of(1) }];
      await withServer(
        (stream) =>
          answer(stream, [itemFrame({ completionToken: "1" })], {
            ...encodeStatus({ code: 10, message: "moved", details }),
          }),
        async (transport) => {
          const stream = workItems(transport);
          expect((await stream.next()).value?.completionToken).toBe("1");
          await expect(stream.next()).rejects.toMatchObject({ code: "ABORTED", details });
          expect((await stream.next()).done).toBe(true);
        },
      );
    });

    it("return() resets the stream with CANCEL, even while a message is waited for", async () => {
      const closed = Promise.withResolvers<number>();
      await withServer(
        (stream) => {
          stream.once("close", () => closed.resolve(stream.rstCode));
          begin(stream);
          stream.write(itemFrame({ completionToken: "1" }));
        },
        async (transport) => {
          const stream = workItems(transport);
          await stream.next();
          const waiting = stream.next();
          await stream.return?.();
          expect(await closed.promise).toBe(8);
          expect(await waiting).toEqual({ done: true, value: undefined });
        },
      );
    });

    it("return() before the first message opens nothing", async () => {
      let opened = 0;
      await withServer(
        () => (opened += 1),
        async (transport) => {
          const stream = workItems(transport);
          await stream.return?.();
          expect(await stream.next()).toEqual({ done: true, value: undefined });
          expect(opened).toBe(0);
        },
      );
    });

    it("ends with the reason of its signal, and tells the server", async () => {
      const closed = Promise.withResolvers<number>();
      await withServer(
        (stream) => {
          stream.once("close", () => closed.resolve(stream.rstCode));
          begin(stream);
          stream.write(itemFrame({ completionToken: "1" }));
        },
        async (transport) => {
          const controller = new AbortController();
          const reason = new Error("enough");
          const stream = workItems(transport, { signal: controller.signal });
          await stream.next();
          const waiting = stream.next();
          controller.abort(reason);
          await expect(waiting).rejects.toBe(reason);
          expect(await closed.promise).toBe(8);
          const late = workItems(transport, { signal: controller.signal });
          await expect(late.next()).rejects.toBe(reason);
        },
      );
    });

    it("has no time limit, unless it is given one", async () => {
      const limits: unknown[] = [];
      await withServer(
        (stream, headers) => {
          limits.push(headers["grpc-timeout"]);
          begin(stream);
          stream.write(itemFrame({ completionToken: "1" }));
        },
        async (transport) => {
          const unlimited = workItems(transport);
          await unlimited.next();
          await unlimited.return?.();
          const limited = workItems(transport, { timeoutMs: 40 });
          // On a busy machine the time may be over before the one item has come.
          const first = limited.next();
          const second = first.then(() => limited.next());
          await expect(second).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
          // More than a timer of the platform holds.
          const long = workItems(transport, { timeoutMs: 1e13 });
          await long.next();
          const pause = new Promise<string>((resolve) => void setTimeout(resolve, 30, "nothing"));
          const more = long.next();
          expect(await Promise.race([more, pause])).toBe("nothing");
          await long.return?.();
          expect(await more).toEqual({ done: true, value: undefined });
          expect(limits).toEqual([undefined, "40m", "99999999m"]);
        },
      );
    });

    it("reads compressed messages among others", async () => {
      await withServer(
        (stream) => {
          begin(stream, { "grpc-encoding": "gzip" });
          stream.write(compressed(itemFrame({ completionToken: "1" })));
          stream.write(itemFrame({ completionToken: "2" }));
          end(stream);
        },
        async (transport) => {
          const stream = workItems(transport);
          expect((await stream.next()).value?.completionToken).toBe("1");
          expect((await stream.next()).value?.completionToken).toBe("2");
          expect((await stream.next()).done).toBe(true);
        },
      );
    });

    it("fails when it ends in the middle of a message", async () => {
      await withServer(
        (stream) =>
          answer(stream, [itemFrame({ completionToken: "1" }), Buffer.from([0, 0, 0, 0, 9, 1])]),
        async (transport) => {
          const stream = workItems(transport);
          await stream.next();
          await expect(stream.next()).rejects.toBeInstanceOf(TaskHubError);
        },
      );
    });

    it("does not let a server send more than the windows hold to a reader that is busy", async () => {
      const blocked = Promise.withResolvers<number>();
      const item = itemFrame({ completionToken: "x".repeat(10_000) });
      await withServer(
        (stream) => {
          begin(stream);
          let sent = 0;
          const send = (): void => {
            while (sent < 8_000_000) {
              sent += item.length;
              if (!stream.write(item)) return void stream.once("drain", send);
            }
          };
          send();
          // A ping that returns shows that the other side has had time to ask for more.
          const ping = (before: number, rounds: number): void => {
            stream.session?.ping(() => {
              if (sent !== before) return ping(sent, 0);
              return rounds < 20 ? ping(sent, rounds + 1) : blocked.resolve(sent);
            });
          };
          ping(0, 0);
        },
        async (transport) => {
          const stream = workItems(transport);
          await stream.next();
          expect(await blocked.promise).toBeLessThan(2_000_000);
          await stream.return?.();
        },
      );
    });
  });

  it("says what to do when nobody listens", async () => {
    const url = `http://127.0.0.1:${await fixedPort()}`;
    await using transport = dial(url);
    await expect(getInstance(transport)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(
        new RegExp(`no task hub answers at ${url} .*npx @durabletask/cli serve`, "u"),
      ),
    });
    await expect(workItems(transport).next()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("says that the other side does not speak HTTP/2", async () => {
    await using server = await serveTcp((socket) =>
      socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
    );
    await using transport = dial(server.url);
    await expect(getInstance(transport)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("does not answer in HTTP/2"),
    });
  });

  it.each([
    ["a reset", (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()],
    ["an end", (socket: { end(): void }) => socket.end()],
  ])("says that the connection was lost by %s", async (_what, lose) => {
    await using server = await serveTcp((socket) => {
      socket.write(emptySettings);
      // What it hears last is that these have come.
      socket.on("data", (chunk: Buffer) => {
        if (chunk.includes(settingsTaken)) lose(socket);
      });
    });
    await using transport = dial(server.url);
    await expect(getInstance(transport)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(`the connection to ${server.url} was lost`),
    });
  });

  it.each([
    ["a reset", (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()],
    ["an end", (socket: { end(): void }) => socket.end()],
  ])("says that nobody spoke HTTP/2 where %s is all that came", async (_what, lose) => {
    await using server = await serveTcp((socket) => void socket.once("data", () => lose(socket)));
    await using transport = dial(server.url);
    await expect(getInstance(transport)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("does not answer in HTTP/2"),
    });
  });

  it("ends its calls when the transport is closed, and says so", async () => {
    const opened = Promise.withResolvers<void>();
    let calls = 0;
    await using server = await serveRaw((stream) => {
      begin(stream);
      calls += 1;
      if (calls === 2) opened.resolve();
    });
    const transport = dial(server.url);
    const call = getInstance(transport);
    const stream = workItems(transport);
    const next = stream.next();
    await opened.promise;
    const ends = [call, next].map((each) =>
      expect(each).rejects.toMatchObject({
        code: "CANCELLED",
        message: expect.stringContaining(`the transport to ${server.url} is closed`),
      }),
    );
    await transport[Symbol.asyncDispose]();
    await Promise.all(ends);
    await expect(getInstance(transport)).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(workItems(transport).next()).rejects.toMatchObject({ code: "CANCELLED" });
  });
});
