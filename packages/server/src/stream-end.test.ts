import { once } from "node:events";
import { constants } from "node:http2";
import { fileURLToPath } from "node:url";
import { VirtualClock } from "@durabletask/core/spi";
import { TaskHubError } from "@durabletask/core";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import { Program } from "@durabletask/test-kit";
import { describe, expect, it } from "vitest";
import { Proxy } from "../test/proxy.ts";
import { answerOf, RawClient, ways } from "../test/raw-client.ts";
import { serveScripted } from "../test/serve-scripted.ts";

// What a task hub sees of the end of a worker's stream (rule 17 of decisions/050).

const { getWorkItems } = TaskHubSidecarService.method;
const program = fileURLToPath(new URL("../test/open-work-stream.ts", import.meta.url));

const lost = { by: "signal", reason: expect.any(TaskHubError) };

describe.each(ways)("the %s way", (_way, way) => {
  it.each([
    ["CANCEL", constants.NGHTTP2_CANCEL],
    ["NO_ERROR", constants.NGHTTP2_NO_ERROR],
  ])("is closed by a worker that resets it with %s", async (_, code) => {
    await using served = await serveScripted();
    await using client = new RawClient(served.url, way);
    const stream = client.send(getWorkItems, {});
    await served.transport.opened;
    stream.close(code);
    expect(await served.transport.ended).toEqual({ by: "return" });
  });

  it("is lost with a worker that resets it with an error", async () => {
    await using served = await serveScripted();
    await using client = new RawClient(served.url, way);
    const stream = client.send(getWorkItems, {});
    await served.transport.opened;
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    expect(await served.transport.ended).toEqual(lost);
  });

  it("is lost with a connection that is reset", async () => {
    await using served = await serveScripted();
    await using proxy = await Proxy.to(served.url);
    await using client = new RawClient(proxy.url, way);
    client.send(getWorkItems, {});
    await served.transport.opened;
    proxy.cut();
    expect(await served.transport.ended).toEqual(lost);
  });

  it("is lost with a socket that ends without a word", async () => {
    await using served = await serveScripted();
    await using client = new RawClient(served.url, way);
    client.send(getWorkItems, {});
    await served.transport.opened;
    client.session.socket.destroy();
    expect(await served.transport.ended).toEqual(lost);
  });

  it("is lost with a worker process that is killed", async () => {
    await using served = await serveScripted();
    const worker = Program.start([program, served.url]);
    await worker.until(({ stdout }) => stdout.includes("open"));
    await served.transport.opened;
    worker.kill();
    expect(await served.transport.ended).toEqual(lost);
  });

  it("is lost with a connection that does not answer a ping", async () => {
    const clock = new VirtualClock();
    await using served = await serveScripted({
      clock,
      keepAliveInterval: { seconds: 20 },
      keepAliveTimeout: { seconds: 10 },
    });
    await using proxy = await Proxy.to(served.url);
    await using client = new RawClient(proxy.url, way);
    client.send(getWorkItems, {});
    await served.transport.opened;
    proxy.goSilent();
    clock.advance(20_000);
    clock.advance(10_000);
    expect(await served.transport.ended).toEqual(lost);
  });

  it("stays open on a connection that answers its pings", async () => {
    const clock = new VirtualClock();
    await using served = await serveScripted({ clock, healthPingInterval: { seconds: 0 } });
    await using client = new RawClient(served.url, way);
    const stream = client.send(getWorkItems, {});
    await served.transport.opened;
    for (let round = 0; round < 20; round++) {
      const pinged = once(client.session, "ping");
      clock.advance(20_000);
      await pinged;
      // The answer is on its way before the answer to a ping of our own is.
      await new Promise((resolve) => client.session.ping(resolve));
    }
    served.transport.offer({ completionToken: "still here" });
    expect(String(await once(stream, "data"))).toContain("still here");
  });

  it("is lost by HTTP/1.1 when the connection closes, which is all that a browser can do", async () => {
    await using served = await serveScripted();
    const abort = new AbortController();
    const response = fetch(`${served.url}/TaskHubSidecarService/GetWorkItems`, {
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto" },
      body: Buffer.alloc(5),
      signal: abort.signal,
    });
    await served.transport.opened;
    abort.abort();
    await expect(response).rejects.toThrow(/abort/u);
    expect(await served.transport.ended).toEqual(lost);
  });

  it("ends with DEADLINE_EXCEEDED when its time is over, as if its worker had closed it", async () => {
    const clock = new VirtualClock();
    await using served = await serveScripted({ clock });
    await using client = new RawClient(served.url, way);
    const answer = answerOf(client.send(getWorkItems, {}, { "grpc-timeout": "7S" }));
    await served.transport.opened;
    clock.advance(7000);
    expect(await answer).toMatchObject({ status: 4 });
    expect(await served.transport.ended).toEqual({ by: "return" });
  });
});
