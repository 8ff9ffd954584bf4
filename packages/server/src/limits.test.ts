import { once } from "node:events";
import { type ClientHttp2Stream, constants } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { createTaskHubService, VirtualClock } from "@durabletask/core/spi";
import { createGrpcTransport } from "@durabletask/grpc";
import {
  ActivityResponseSchema,
  CreateInstanceRequestSchema,
  TaskHubSidecarService,
} from "@durabletask/protobuf";
import { serve } from "./serve.ts";
import { describe, expect, it } from "vitest";
import { settle, untilDueWithin } from "../test/settle.ts";
import { answerOf, frame, RawClient, roundTrip, ways } from "../test/raw-client.ts";
import { ScriptedTransport } from "../test/scripted-transport.ts";
import { recordingLogger, serveScripted } from "../test/serve-scripted.ts";

const { getInstance, startInstance, getWorkItems, completeActivityTask, waitForInstanceStart } =
  TaskHubSidecarService.method;

function isRefused({ rstCode }: ClientHttp2Stream): boolean {
  return rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM;
}

function isRejected({ status }: PromiseSettledResult<unknown>): boolean {
  return status === "rejected";
}

describe.each(ways)("the %s way", (_way, way) => {
  it("carries messages of 4 MB and more, both ways", async () => {
    const input = "x".repeat(6_000_000);
    await using served = await serveScripted(
      {},
      { startInstance: (request) => ({ instanceId: request.input ?? "" }) },
    );
    await using client = new RawClient(served.url, way);
    const { status, body } = await answerOf(client.send(startInstance, { input }));
    expect(status).toBe(0);
    expect(body.length).toBeGreaterThan(input.length);
  });

  it.each([startInstance, completeActivityTask])(
    "refuses a message above the limit: $name",
    async (method) => {
      await using served = await serveScripted({ limits: { maxMessageBytes: 1000 } });
      await using client = new RawClient(served.url, way);
      const stream = client.open(method);
      stream.end(frame(Buffer.alloc(1001)));
      expect(await answerOf(stream)).toMatchObject({ status: 8 });
    },
  );

  it.each([startInstance, completeActivityTask])(
    "refuses a message by the length it announces, without waiting for it: $name",
    async (method) => {
      await using served = await serveScripted({ limits: { maxMessageBytes: 1000 } });
      await using client = new RawClient(served.url, way);
      const stream = client.open(method);
      stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
      expect(await answerOf(stream)).toMatchObject({ status: 8 });
    },
  );

  it("reads no more large requests at a time than a connection has room for, and all of them in the end", async () => {
    await using served = await serveScripted({ limits: { maxMessageBytes: 1_000_000 } });
    await using client = new RawClient(served.url, way);
    const message = frame(
      toBinary(
        CreateInstanceRequestSchema,
        create(CreateInstanceRequestSchema, { input: "x".repeat(900_000) }),
      ),
    );
    const half = message.length - 100_000;
    /** Whose first half the server has taken, and who waits for their answer. */
    const taken: ClientHttp2Stream[] = [];
    const open = new Set(Array.from({ length: 8 }, () => client.open(startInstance)));
    for (const stream of open) stream.write(message.subarray(0, half), () => taken.push(stream));
    await once(client.session, "remoteSettings");
    while (open.size > 0) {
      while (taken.length < Math.min(open.size, 2)) await roundTrip(client);
      // A first half takes 13 round trips where nothing holds it back.
      for (let n = 0; n < 50; n++) await roundTrip(client);
      expect(taken.length).toBeLessThanOrEqual(2);
      const [stream] = taken.splice(0, 1);
      if (!stream) continue;
      stream.end(message.subarray(half));
      expect(await answerOf(stream)).toMatchObject({ status: 0 });
      open.delete(stream);
    }
  });

  it("gives the room of a request that breaks off to the next", async () => {
    await using served = await serveScripted({ limits: { maxMessageBytes: 1_000_000 } });
    await using client = new RawClient(served.url, way);
    const input = "x".repeat(900_000);
    const halves = Array.from({ length: 5 }, async () => {
      const stream = client.open(startInstance);
      const closed = once(stream, "close");
      const half = frame(Buffer.alloc(900_000)).subarray(0, 500_000);
      stream.write(half, () => stream.close(constants.NGHTTP2_CANCEL));
      await closed;
    });
    await Promise.all(halves);
    const answer = answerOf(client.send(startInstance, { input }));
    expect(await answer).toMatchObject({ status: 0 });
  });

  it("resets a request that goes on after its answer", async () => {
    const clock = new VirtualClock();
    await using served = await serveScripted({ clock, limits: { maxMessageBytes: 1000 } });
    await using client = new RawClient(served.url, way);
    const stream = client.open(startInstance);
    stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
    const closed = once(stream, "close");
    await answerOf(stream);
    await untilDueWithin(1000, clock);
    clock.advance(1000);
    await closed;
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it.each([startInstance, completeActivityTask])(
    "takes a compressed message, and refuses one that grows beyond the limit: $name",
    async (method) => {
      await using served = await serveScripted({ limits: { maxMessageBytes: 1_000_000 } });
      await using client = new RawClient(served.url, way);
      const send = async (message: Uint8Array) => {
        const stream = client.open(method, { "grpc-encoding": "gzip" });
        stream.end(frame(gzipSync(message), 1));
        return await answerOf(stream);
      };
      const small =
        method === startInstance
          ? toBinary(CreateInstanceRequestSchema, create(CreateInstanceRequestSchema))
          : toBinary(ActivityResponseSchema, create(ActivityResponseSchema));
      expect(await send(small)).toMatchObject({ status: 0 });
      const bomb = Buffer.alloc(100_000_000);
      expect(gzipSync(bomb).length).toBeLessThan(1_000_000);
      expect(await send(bomb)).toMatchObject({ status: 8 });
      // Not compressed at all, whatever it says.
      const liar = client.open(method, { "grpc-encoding": "gzip" });
      liar.end(frame(Buffer.from("no gzip"), 1));
      expect([3, 13]).toContain((await answerOf(liar)).status);
    },
  );

  it.each([startInstance, getWorkItems, completeActivityTask])(
    "refuses headers above the limit, and goes on: $name",
    async (method) => {
      await using served = await serveScripted({ limits: { maxHeaderBytes: 8000 } });
      await using client = new RawClient(served.url, way);
      const headers: Record<string, string> = {};
      for (let n = 0; n < 20; n++) headers[`x-header-${n}`] = "x".repeat(1000);
      const stream = client.send(method, {}, headers);
      // By us, or by Node.js.
      const answer = await answerOf(stream);
      expect(
        Number(answer.headers[":status"]) === 431 ||
          stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM,
      ).toBe(true);
      expect(await answerOf(client.send(startInstance, {}))).toMatchObject({ status: 0 });
      const response = await fetch(served.url, { headers });
      expect(response.status).toBe(431);
    },
  );
});

it("refuses calls of a connection that does not take its answers, and goes on for others", async () => {
  const input = "x".repeat(4_000_000);
  let answers = 0;
  await using served = await serveScripted(
    { limits: { maxMessageBytes: 5_000_000 } },
    {
      getInstance: () => {
        answers += 1;
        return { exists: true, orchestrationState: { input } };
      },
    },
  );
  await using client = new RawClient(served.url);
  let refused = 0;
  for (let call = 0; call < 20; call++) {
    const stream = client.send(getInstance, {});
    const answered = new Promise((resolve) => stream.once("response", resolve));
    const closed = new Promise((resolve) => stream.once("close", resolve));
    await Promise.race([answered, closed]);
    stream.pause();
    if (stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM) refused += 1;
  }
  expect(refused).toBeGreaterThan(10);
  expect(answers).toBeLessThan(10);
  await using other = new RawClient(served.url);
  expect(await answerOf(other.send(startInstance, {}))).toMatchObject({ status: 0 });
});

it("lets calls above the limit of a connection wait", async () => {
  await using served = await serveScripted({ limits: { maxStreamsPerConnection: 2 } });
  await using client = new RawClient(served.url);
  await once(client.session, "remoteSettings");
  expect(client.session.remoteSettings.maxConcurrentStreams).toBe(2);
  const answers = Array.from({ length: 10 }, () => answerOf(client.send(startInstance, {})));
  for (const answer of answers) expect((await answer).status).toBe(0);
});

it("refuses nothing of our own client's that gives up all its calls at once and makes others", async () => {
  const limits = { maxStreamsPerConnection: 16 };
  const abandoned = (signal: AbortSignal | undefined) =>
    new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  let held = 0;
  await using served = await serveScripted(
    { limits },
    {
      getInstance: () => ({ exists: true }),
      waitForInstanceStart: (_, { signal }) => {
        held += 1;
        return abandoned(signal);
      },
    },
  );
  await using transport = createGrpcTransport({ baseUrl: served.url, retries: false });
  const hub = createTaskHubService(transport);
  await hub.getInstance({});
  for (let round = 1; round <= 20; round++) {
    const abort = new AbortController();
    const { signal } = abort;
    const waits = Array.from({ length: 40 }, () => hub.waitForInstanceStart({}, { signal }));
    const ended = Promise.allSettled(waits);
    while (held < 40 * round) await new Promise(setImmediate);
    abort.abort();
    expect((await ended).every(isRejected)).toBe(true);
    // At some point the client knows that they are closed, and the server does not.
    for (let turn = 0; turn < round % 4; turn++) await new Promise(setImmediate);
    const others = await Promise.all(Array.from({ length: 40 }, () => hub.getInstance({})));
    expect(others.every(({ exists }) => exists)).toBe(true);
  }
});

it("bears a client that gives up as many calls at once as may be open, again and again", async () => {
  const limits = { maxStreamsPerConnection: 1000 };
  const script = { waitForInstanceStart: () => new Promise<never>(() => {}) };
  await using served = await serveScripted({ limits }, script);
  await using client = new RawClient(served.url);
  await once(client.session, "remoteSettings");
  for (let round = 0; round < 4; round++) {
    const calls = Array.from({ length: 1000 }, () => client.send(waitForInstanceStart, {}));
    await roundTrip(client);
    for (const call of calls) call.close(constants.NGHTTP2_CANCEL);
    await roundTrip(client);
    await roundTrip(client);
  }
  expect(await answerOf(client.send(startInstance, {}))).toMatchObject({ status: 0 });
});

it("goes on with a connection on which many calls above its limit were refused", async () => {
  const script = { waitForInstanceStart: () => new Promise<never>(() => {}) };
  await using served = await serveScripted({ limits: { maxStreamsPerConnection: 200 } }, script);
  await using client = new RawClient(served.url);
  await once(client.session, "remoteSettings");
  const open = () => Array.from({ length: 200 }, () => client.send(waitForInstanceStart, {}));
  const given = open();
  await roundTrip(client);
  for (const call of given) call.close(constants.NGHTTP2_CANCEL);
  const refused = open();
  // Pings overtake what else there is to be sent.
  await roundTrip(client);
  await roundTrip(client);
  // Node.js counts what was reset until its event loop comes round.
  expect(refused.filter(isRefused).length).toBeGreaterThan(100);
  expect(await answerOf(client.send(startInstance, {}))).toMatchObject({ status: 0 });
});

it("closes connections above the limit at once, and says so", async () => {
  const logger = recordingLogger();
  await using served = await serveScripted({ logger, limits: { maxConnections: 2 } });
  const { hostname, port } = new URL(served.url);
  const dial = () => connect({ host: hostname, port: Number(port) });
  const sockets = [dial(), dial()];
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  const third = dial();
  await once(third, "close");
  expect(logger.lines).toContainEqual(
    expect.objectContaining({ event: "server.connections-exceeded", limit: 2 }),
  );
  for (const socket of sockets) socket.destroy();
});

it("closes a connection that has had no calls for a while", async () => {
  const clock = new VirtualClock();
  await using served = await serveScripted({
    clock,
    idleTimeout: { minutes: 5 },
    keepAliveInterval: { seconds: 20 },
  });
  await using client = new RawClient(served.url);
  await answerOf(client.send(startInstance, {}));
  await settle();
  const closed = once(client.session, "close");
  for (let passed = 20; passed < 300; passed += 20) {
    const pinged = once(client.session, "ping");
    clock.advance(20_000);
    await pinged;
    // The answer is on its way before the answer to a ping of our own is.
    await new Promise((resolve) => client.session.ping(resolve));
  }
  expect(client.session.closed).toBe(false);
  clock.advance(20_000);
  await closed;
});

it("closes a connection that does not say what it wants", async () => {
  const clock = new VirtualClock();
  await using served = await serveScripted({ clock });
  const { hostname, port } = new URL(served.url);
  const socket = connect({ host: hostname, port: Number(port) });
  // Where the server has not read it yet, the end comes as a reset.
  socket.on("error", () => undefined);
  socket.write("PRI * HT");
  await untilDueWithin(10_000, clock);
  clock.advance(10_000);
  await new Promise((resolve) => socket.once("close", resolve));
  expect(socket.bytesRead).toBe(0);
});

it.each([
  ["maxMessageBytes", { maxMessageBytes: 0 }],
  ["maxConnections", { maxConnections: 1.5 }],
])("says which limit makes no sense: %s", async (name, limits) => {
  const starting = serve(() => new ScriptedTransport(), { limits });
  await expect(starting).rejects.toThrow(name);
});
