import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Transport } from "@durabletask/core";
import { createTaskHubService, VirtualClock } from "@durabletask/core/spi";
import { fixedPort } from "@durabletask/test-kit";
import { describe, expect, it } from "vitest";
import { openFullBacklog } from "../test/full-backlog.ts";
import { nextSocket } from "../test/next-socket.ts";
import { paths } from "../test/paths.ts";
import {
  answer,
  begin,
  end,
  instanceFrame,
  itemFrame,
  serveRaw,
  serveTcp,
} from "../test/raw-server.ts";

/** The settings of a server, and its goodbye before it has begun with any call. */
const settingsAndGoaway = Buffer.from(
  "0000000400000000000000080700000000000000000000000000",
  "hex",
);

function getInstance(transport: Transport) {
  return createTaskHubService(transport).getInstance({ instanceId: "a" });
}

function workItems(transport: Transport) {
  return createTaskHubService(transport).getWorkItems({})[Symbol.asyncIterator]();
}

/** Waits for a ping of the server's to come back: all that it has sent before was read. */
async function wasRead(session: ServerHttp2Session | undefined): Promise<void> {
  await new Promise((resolve) => session?.ping(resolve));
}

/** A wire that can be cut without either side hearing of it. */
async function serveWire(port: number) {
  const sockets = new Set<Socket>();
  const wire = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    near.pipe(far).pipe(near);
  });
  wire.listen(0, "127.0.0.1");
  await once(wire, "listening");
  return {
    url: `http://127.0.0.1:${(wire.address() as AddressInfo).port}`,
    /** What is sent from now on gets lost. */
    cut(): void {
      for (const socket of sockets) socket.unpipe().pause();
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        wire.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

describe.each(paths)("the connection, %s", (_, dial) => {
  it("is one for all calls", async () => {
    await using server = await serveRaw((stream) => answer(stream, [instanceFrame()]));
    await using transport = dial(server.url);
    await Promise.all(Array.from({ length: 20 }, () => getInstance(transport)));
    expect(server.sessions.size).toBe(1);
  });

  it("has others beside it where more calls are open than the server takes on one", async () => {
    const settings = { maxConcurrentStreams: 8 };
    const held: ServerHttp2Stream[] = [];
    await using server = await serveRaw(
      (stream, headers) => {
        if (String(headers[":path"]).endsWith("/GetInstance")) answer(stream, [instanceFrame()]);
        else held.push(stream);
      },
      { settings },
    );
    await using transport = dial(server.url);
    await getInstance(transport);
    const hub = createTaskHubService(transport);
    const waits = Array.from({ length: 20 }, () => hub.waitForInstanceCompletion({}));
    // Waits do not keep other calls from the server, nor each other.
    expect((await getInstance(transport)).exists).toBe(true);
    while (held.length < 20) await new Promise(setImmediate);
    expect(server.sessions.size).toBe(6);
    for (const stream of held) answer(stream, [instanceFrame()]);
    await Promise.all(waits);
    // There is room in the first one again.
    await Promise.all(Array.from({ length: 4 }, () => getInstance(transport)));
    expect(server.sessions.size).toBe(6);
  });

  it.each([
    ["is silent for longer than a ping may take", 60, 15],
    ["is looked at more often than that", 10, 25],
  ])("that %s is found dead by a ping when it is half-open", async (_name, every, within) => {
    const clock = new VirtualClock();
    await using server = await serveRaw((stream) => {
      begin(stream);
      stream.write(itemFrame({ completionToken: "1" }));
    });
    await using wire = await serveWire(server.port);
    await using transport = dial(wire.url, {
      clock,
      pingInterval: { seconds: every },
      pingTimeout: { seconds: within },
    });
    const stream = workItems(transport);
    await stream.next();
    const failed = expect(stream.next()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("a ping was not answered"),
    });
    await wasRead([...server.sessions][0]);
    wire.cut();
    // The first look finds that something has come, the second one pings.
    clock.advance((every + every + within) * 1000 - 1);
    expect(clock.next).toBe(clock.now() + 1);
    clock.advance(1);
    await failed;
  });

  it("lets go of its socket after a GOAWAY though the other side does not close", async () => {
    await using server = await serveTcp((socket) => {
      socket.allowHalfOpen = true;
      socket.once("data", () => socket.write(settingsAndGoaway));
    });
    await using transport = dial(server.url);
    const opened = nextSocket();
    const call = getInstance(transport);
    const socket = await opened;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await expect(call).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  it.skipIf(process.platform === "win32")(
    "lets go of its socket when it is closed before it was made",
    async () => {
      await using backlog = await openFullBacklog();
      await using transport = dial(backlog.url);
      const opened = nextSocket();
      const failed = expect(getInstance(transport)).rejects.toMatchObject({ code: "CANCELLED" });
      const socket = await opened;
      await new Promise(setImmediate);
      expect(socket.connecting).toBe(true);
      const closed = once(socket, "close");
      await transport[Symbol.asyncDispose]();
      await failed;
      await closed;
      expect(socket.destroyed).toBe(true);
    },
  );

  it("lives through pings while a stream is silent", async () => {
    const clock = new VirtualClock();
    const goOn = Promise.withResolvers<void>();
    await using server = await serveRaw((stream) => {
      begin(stream);
      stream.write(itemFrame({ completionToken: "1" }));
      void goOn.promise.then(() => {
        stream.write(itemFrame({ completionToken: "2" }));
        end(stream);
      });
    });
    await using transport = dial(server.url, { clock });
    const stream = workItems(transport);
    await stream.next();
    const [session] = server.sessions;
    if (session === undefined) throw new Error("nobody connected");
    for (let round = 0; round < 3; round += 1) {
      const pinged = once(session, "ping");
      await wasRead(session);
      // The first look finds that something has come, the second one pings.
      clock.advance(120_000);
      await pinged;
    }
    await wasRead(session);
    clock.advance(59_999);
    goOn.resolve();
    expect((await stream.next()).value?.completionToken).toBe("2");
  });

  it("is given up when it cannot be made in time", async () => {
    const clock = new VirtualClock();
    // Takes the connection, and says nothing: HTTP/2 stands at once, TLS does not.
    await using server = await serveTcp(() => {});
    await using transport = dial(server.url.replace("http:", "https:"), { clock });
    const call = getInstance(transport);
    const failed = expect(call).rejects.toMatchObject({ code: "UNAVAILABLE" });
    while (clock.next === undefined) await new Promise(setImmediate);
    clock.advance(20_000);
    await failed;
  });

  it("is closed when nobody uses it, and made again", async () => {
    await using server = await serveRaw((stream) => answer(stream, [instanceFrame()]));
    const clock = new VirtualClock();
    await using transport = dial(server.url, { clock });
    await getInstance(transport);
    const [session] = server.sessions;
    if (session === undefined) throw new Error("nobody connected");
    await wasRead(session);
    const closed = once(session, "close");
    clock.advance(120_000);
    await closed;
    expect((await getInstance(transport)).exists).toBe(true);
  });

  it("lets streams end after a GOAWAY, while new calls take another", async () => {
    const goOn = Promise.withResolvers<void>();
    await using server = await serveRaw((stream, headers) => {
      if (headers[":path"] === "/TaskHubSidecarService/GetInstance") {
        return answer(stream, [instanceFrame()]);
      }
      begin(stream);
      stream.write(itemFrame({ completionToken: "1" }));
      void goOn.promise.then(() => {
        stream.write(itemFrame({ completionToken: "2" }));
        end(stream);
      });
      return undefined;
    });
    await using transport = dial(server.url);
    const stream = workItems(transport);
    await stream.next();
    const [first] = [...server.sessions];
    if (first === undefined) throw new Error("nobody connected");
    first.goaway(constants.NGHTTP2_NO_ERROR);
    // A ping that has come back shows that the GOAWAY was read.
    await new Promise((resolve) => first.ping(resolve));
    expect((await getInstance(transport)).exists).toBe(true);
    expect(server.sessions.size).toBe(2);
    const last = stream.next();
    goOn.resolve();
    expect((await last).value?.completionToken).toBe("2");
    expect((await stream.next()).done).toBe(true);
    while (server.sessions.size > 1) await new Promise(setImmediate);
    expect(server.sessions.has(first)).toBe(false);
  });

  it("fails its calls after a GOAWAY with an error, and is made again", async () => {
    let calls = 0;
    await using server = await serveRaw((stream) => {
      calls += 1;
      if (calls === 1)
        stream.session?.goaway(
          constants.NGHTTP2_ENHANCE_YOUR_CALM,
          0,
          Buffer.from("too_many_pings"),
        );
      else answer(stream, [instanceFrame()]);
    });
    await using transport = dial(server.url);
    await expect(getInstance(transport)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect((await getInstance(transport)).exists).toBe(true);
  });

  it("is pinged half as often each time a server finds it too much", async () => {
    const clock = new VirtualClock();
    await using server = await serveRaw((stream) => {
      begin(stream);
      stream.write(itemFrame({ completionToken: "1" }));
      const { session } = stream;
      session?.once("ping", () => {
        const tooMany = Buffer.from("too_many_pings");
        session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, tooMany);
      });
    });
    await using transport = dial(server.url, { clock, pingInterval: { seconds: 40 } });
    const silentMs: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const stream = workItems(transport);
      await stream.next();
      await wasRead([...server.sessions].at(-1));
      const intervalMs = (clock.next ?? 0) - clock.now();
      silentMs.push(intervalMs);
      const refused = expect(stream.next()).rejects.toMatchObject({ code: "UNAVAILABLE" });
      // The first look finds that something has come, the second one pings.
      clock.advance(2 * intervalMs);
      await refused;
      // It leaves nothing behind.
      while (clock.next !== undefined) await new Promise(setImmediate);
    }
    expect(silentMs).toEqual([40_000, 80_000, 160_000]);
  });

  it("is made again after the server was started again", async () => {
    const port = await fixedPort();
    const first = await serveRaw((stream) => begin(stream), { port });
    await using transport = dial(first.url);
    const cut = getInstance(transport);
    const failed = expect(cut).rejects.toMatchObject({ code: "UNAVAILABLE" });
    while (first.sessions.size === 0) await new Promise(setImmediate);
    await first[Symbol.asyncDispose]();
    await failed;
    await using second = await serveRaw((stream) => answer(stream, [instanceFrame()]), {
      port,
    });
    expect(second.url).toBe(first.url);
    expect((await getInstance(transport)).exists).toBe(true);
  });

  it("asks for headers again when they are refused, once", async () => {
    const tokens: unknown[] = [];
    await using server = await serveRaw((stream, headers) => {
      tokens.push(headers["authorization"]);
      if (headers["authorization"] === "1") answer(stream, [], { "grpc-status": "16" });
      else answer(stream, [instanceFrame()]);
    });
    let asked = 0;
    await using transport = dial(server.url, {
      headers: async () => ({ authorization: String((asked += 1)) }),
    });
    await Promise.all([getInstance(transport), getInstance(transport)]);
    await getInstance(transport);
    expect(asked).toBe(2);
    expect(tokens).toEqual(["1", "1", "2", "2", "2"]);
    const stream = workItems(transport);
    await stream.return?.();
    expect(tokens).toHaveLength(5);
  });

  it("does not ask again and again", async () => {
    await using server = await serveRaw((stream) => answer(stream, [], { "grpc-status": "16" }));
    let asked = 0;
    await using transport = dial(server.url, {
      headers: async () => ({ authorization: String((asked += 1)) }),
    });
    await expect(getInstance(transport)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(asked).toBe(2);
    await expect(workItems(transport).next()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(workItems(transport).next()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(asked).toBe(3);
  });

  it("does not wait for headers once a call is given up", async () => {
    await using server = await serveRaw((stream) => answer(stream, [instanceFrame()]));
    await using transport = dial(server.url, { headers: () => new Promise(() => {}) });
    const hub = createTaskHubService(transport);
    const abort = new AbortController();
    const { signal } = abort;
    const call = expect(hub.getInstance({}, { signal })).rejects.toThrow("enough");
    const items = hub.getWorkItems({}, { signal })[Symbol.asyncIterator]();
    const next = expect(items.next()).rejects.toThrow("enough");
    abort.abort(new Error("enough"));
    await Promise.all([call, next]);
    await expect(hub.getInstance({}, { signal })).rejects.toThrow("enough");
    expect(server.sessions.size).toBe(0);
  });
});
