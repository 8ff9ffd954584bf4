import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { VirtualClock } from "@durabletask/core/spi";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { Proxy } from "../test/proxy.ts";
import { frame, ways } from "../test/raw-client.ts";
import { serveScripted } from "../test/serve-scripted.ts";

// Whom a server that closes must not wait for.

const { getInstance } = TaskHubSidecarService.method;
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const goaway = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

describe.each(ways)("the %s way", (_way, way) => {
  it("closes though a peer does not take what it is being sent", async () => {
    const input = "x".repeat(8_000_000);
    const asked = Promise.withResolvers<void>();
    let calls = 0;
    const script = {
      getInstance: () => {
        calls += 1;
        if (calls === 6) asked.resolve();
        return { exists: true, orchestrationState: { input } };
      },
    };
    await using served = await serveScripted({}, script);
    await using proxy = await Proxy.to(served.url);
    // More than the buffers of any platform's sockets may be on its way.
    const session = connectHttp2(proxy.url, { settings: { initialWindowSize: 2 ** 30 } });
    session.on("error", () => undefined);
    await once(session, "connect");
    session.setLocalWindowSize(2 ** 30);
    await new Promise((resolve) => session.ping(resolve));
    proxy.onAnswerBytes = (_, { server }) => server.pause();
    for (let call = 0; call < 6; call++) {
      const stream = session.request({
        ":method": "POST",
        ":path": `/${getInstance.parent.typeName}/${getInstance.name}`,
        "content-type": "application/grpc",
        te: "trailers",
        ...way,
      });
      stream.on("error", () => undefined).end(frame(Buffer.alloc(0)));
    }
    await asked.promise;
    await served.server.close();
    // None of it got through.
    expect(session.destroyed).toBe(false);
    session.destroy();
  });
});

/** A peer that speaks HTTP/2, and does not close its side when the other one is closed. */
async function connectHalfOpen(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.write(Buffer.concat([preface, emptySettings]));
  socket.on("error", () => undefined).resume();
  // The settings of the other side.
  await once(socket, "data");
  return socket;
}

/** Whether the other side is gone, once it is: what is sent to nobody is answered by a reset. */
async function isReset(socket: Socket): Promise<boolean> {
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const sending = setInterval(() => socket.write(emptySettings), 1);
  await closed;
  clearInterval(sending);
  return socket.destroyed;
}

it("closes though a peer keeps its side of the connection open", async () => {
  await using served = await serveScripted();
  const socket = await connectHalfOpen(served.url);
  await served.server.close();
  socket.destroy();
  expect(socket.readableEnded).toBe(true);
});

it("lets go of an idle connection though its peer keeps its side open", async () => {
  const clock = new VirtualClock();
  const times = { idleTimeout: { seconds: 20 }, keepAliveInterval: { seconds: 20 } };
  await using served = await serveScripted({ clock, ...times, keepAliveTimeout: { seconds: 10 } });
  const socket = await connectHalfOpen(served.url);
  const ended = once(socket, "end");
  clock.advance(20_000);
  await ended;
  clock.advance(10_000);
  expect(await isReset(socket)).toBe(true);
});

it("lets go of a connection whose peer says goodbye, and keeps its side open", async () => {
  const clock = new VirtualClock();
  await using served = await serveScripted({ clock, keepAliveInterval: { seconds: 20 } });
  const socket = await connectHalfOpen(served.url);
  const ended = once(socket, "end");
  socket.write(goaway);
  await ended;
  clock.advance(20_000);
  expect(await isReset(socket)).toBe(true);
});
