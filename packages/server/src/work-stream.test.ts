import { once } from "node:events";
import { create, fromBinary } from "@bufbuild/protobuf";
import { VirtualClock } from "@durabletask/core/spi";
import { TaskHubSidecarService, WorkItemSchema, type WorkItem } from "@durabletask/protobuf";
import type { ClientHttp2Stream } from "node:http2";
import { describe, expect, it } from "vitest";
import { settle, untilDueWithin } from "../test/settle.ts";
import { answerOf, RawClient, roundTrip, ways } from "../test/raw-client.ts";
import { ScriptedTransport } from "../test/scripted-transport.ts";
import { recordingLogger, serveScripted } from "../test/serve-scripted.ts";
import { serve } from "./serve.ts";

const { getWorkItems, completeActivityTask, waitForInstanceCompletion, startInstance } =
  TaskHubSidecarService.method;

describe.each(ways)("the %s way", (_way, way) => {
  it("pings a stream of work that has been silent, without asking the task hub", async () => {
    const clock = new VirtualClock();
    await using served = await serveScripted({ clock, keepAliveInterval: { hours: 1 } });
    await using client = new RawClient(served.url, way);
    const items = itemsOf(client.send(getWorkItems, {}));
    await served.transport.opened;
    for (let round = 0; round < 3; round++) {
      clock.advance(30_000);
      expect((await items.next()).value).toMatchObject({ request: { case: "healthPing" } });
      await settle();
    }
    expect(served.transport.pulls).toBe(1);
    served.transport.offer({ completionToken: "work" });
    expect((await items.next()).value).toMatchObject({ completionToken: "work" });
  });

  it("keeps to itself what a transport throws that it does not know, also where that throws at once", async () => {
    const { transport, log } = throwingAtOnce();
    await using server = await serve(() => transport, { logger: log });
    await using client = new RawClient(server.url, way);
    const answer = await answerOf(client.send(getWorkItems, {}));
    expect(answer).toMatchObject({ status: 13, message: "The server failed; its log says why." });
    const failures = log.lines.filter(({ event }) => event === "server.call-failed");
    expect(failures).toMatchObject([{ level: "error", error: { cause: "for the log" } }]);
  });

  it("does not ping a stream that is not silent", async () => {
    const clock = new VirtualClock();
    await using served = await serveScripted({ clock, healthPingInterval: { seconds: 30 } });
    await using client = new RawClient(served.url, way);
    const items = itemsOf(client.send(getWorkItems, {}));
    await served.transport.opened;
    clock.advance(20_000);
    served.transport.offer({ completionToken: "work" });
    expect((await items.next()).value).toMatchObject({ completionToken: "work" });
    await settle();
    clock.advance(29_999);
    served.transport.offer({ completionToken: "more" });
    expect((await items.next()).value).toMatchObject({ completionToken: "more" });
  });

  it("asks the task hub for the next item only when the last one has been taken off", async () => {
    await using served = await serveScripted();
    await using client = new RawClient(served.url, way);
    const input = "x".repeat(300_000);
    for (let n = 0; n < 20; n++) {
      served.transport.offer({
        completionToken: `${n}`,
        request: { case: "activityRequest", value: { name: "any", input } },
      });
    }
    const stream = client.send(getWorkItems, {});
    stream.pause();
    await served.transport.opened;
    // Whatever is in flight has arrived before the answer to a ping: the pulls come to stand still.
    for (let trip = 0; trip < 50; trip++) await roundTrip(client);
    const { pulls } = served.transport;
    expect(pulls).toBeLessThan(5);
    for (let trip = 0; trip < 50; trip++) await roundTrip(client);
    expect(served.transport.pulls).toBe(pulls);
    const items = itemsOf(stream);
    for (let n = 0; n < 20; n++) {
      expect((await items.next()).value).toMatchObject({ completionToken: `${n}` });
    }
  });

  it("waits for the results of what workers are at when it closes, and hands out no more", async () => {
    const answers: string[] = [];
    await using served = await serveScripted(
      {},
      {
        completeActivityTask: ({ completionToken }) => {
          answers.push(completionToken);
          return {};
        },
      },
    );
    await using client = new RawClient(served.url, way);
    const stream = client.send(getWorkItems, {});
    const answer = answerOf(stream);
    served.transport.offer({ completionToken: "one" });
    served.transport.offer({ completionToken: "two" });
    await once(stream, "data");
    await settle();
    const closing = served.server.close();
    served.transport.offer({ completionToken: "three" });
    for (const completionToken of ["one", "two"]) {
      const completion = await answerOf(client.send(completeActivityTask, { completionToken }));
      expect(completion.status).toBe(0);
    }
    const { status, body } = await answer;
    await closing;
    expect(status).toBe(14);
    expect(String(body)).not.toContain("three");
    expect(answers).toEqual(["one", "two"]);
    // For the task hub its workers were lost, so that it keeps what they are at.
    expect(await served.transport.ended).toMatchObject({ by: "signal" });
  });

  it("closes when the time for results is over", async () => {
    const clock = new VirtualClock();
    await using served = await serveScripted({ clock, drainTimeout: { seconds: 5 } });
    await using client = new RawClient(served.url, way);
    const stream = client.send(getWorkItems, {});
    const answer = answerOf(stream);
    served.transport.offer({ completionToken: "never answered" });
    await once(stream, "data");
    const closing = served.server.close();
    clock.advance(5000);
    expect((await answer).status).toBe(14);
    // The last words are out; what holds its connection open all the same is cut.
    await untilDueWithin(500, clock);
    clock.advance(500);
    await closing;
  });

  it("does not wait for a worker that goes while it closes", async () => {
    await using served = await serveScripted({ clock: new VirtualClock() });
    await using client = new RawClient(served.url, way);
    const stream = client.send(getWorkItems, {});
    served.transport.offer({ completionToken: "never answered" });
    await once(stream, "data");
    const closing = served.server.close();
    client.session.destroy();
    await expect(closing).resolves.toBeUndefined();
  });

  it("ends the long polls of its clients when it closes, and lets other calls end", async () => {
    const started = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    await using served = await serveScripted(
      {},
      {
        waitForInstanceCompletion: async (_, { signal }) => {
          waiting.resolve();
          await once(signal ?? new EventTarget(), "abort");
          throw signal?.reason;
        },
        startInstance: async () => {
          arrived.resolve();
          await started.promise;
          return { instanceId: "late" };
        },
      },
    );
    await using client = new RawClient(served.url, way);
    const wait = answerOf(client.send(waitForInstanceCompletion, { instanceId: "abc" }));
    const start = answerOf(client.send(startInstance, {}));
    await Promise.all([waiting.promise, arrived.promise]);
    const closing = served.server.close();
    expect((await wait).status).toBe(14);
    started.resolve();
    expect(String((await start).body)).toContain("late");
    await closing;
  });
});

async function* itemsOf(stream: ClientHttp2Stream): AsyncGenerator<WorkItem> {
  let seen = Buffer.alloc(0);
  for await (const chunk of stream) {
    seen = Buffer.concat([seen, chunk as Buffer]);
    while (seen.length >= 5 && seen.length >= 5 + seen.readUInt32BE(1)) {
      const end = 5 + seen.readUInt32BE(1);
      yield fromBinary(WorkItemSchema, seen.subarray(5, end));
      seen = seen.subarray(end);
    }
  }
}

/** A transport with an iterator that is written by hand: one item, then an error that is no rejection. */
function throwingAtOnce() {
  const transport = new ScriptedTransport();
  const item = create(WorkItemSchema, { completionToken: "only" });
  const steps = [Promise.resolve({ done: false, value: item })];
  const next = () => {
    const step = steps.shift();
    if (step) return step;
    throw new Error("internal", { cause: "for the log" });
  };
  const items = { [Symbol.asyncIterator]: () => ({ next }) };
  Object.assign(transport, { stream: () => items });
  return { transport, log: recordingLogger() };
}
