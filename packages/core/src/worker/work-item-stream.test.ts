import { create } from "@bufbuild/protobuf";
import { type WorkItem, WorkItemSchema } from "@durabletask/protobuf";
import { describe, expect, it, onTestFinished } from "vitest";
import { ScriptedHub, settle } from "../../test/scripted-hub.ts";
import { TaskHubError, type TaskHubErrorCode } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { createTaskHubService } from "../task-hub-service.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { WorkItemStream } from "./work-item-stream.ts";

const fails = (code: TaskHubErrorCode) => (): never => {
  throw new TaskHubError(code, "the test says so");
};

const never = (): Promise<never> => new Promise(() => {});

const ping = create(WorkItemSchema, { request: { case: "healthPing", value: {} } });
const work = (completionToken: string): WorkItem =>
  create(WorkItemSchema, { completionToken, request: { case: "activityRequest", value: {} } });

/** A stream to a hub that does what the test says, on a clock that does too. */
class Setup {
  readonly clock = new VirtualClock();
  readonly hub: ScriptedHub;
  readonly items: string[] = [];
  /** When each hello was said, in milliseconds since the start. */
  readonly hellos: number[] = [];
  readonly pauses: unknown[] = [];
  losses = 0;
  readonly stream: WorkItemStream;

  constructor(script: (hub: ScriptedHub) => ScriptedHub = (hub) => hub, random = 0.5) {
    const { clock } = this;
    const startedAt = clock.now();
    this.hub = script(new ScriptedHub());
    const service = createTaskHubService(this.hub);
    const logger: Logger = { warn: ({ retryInMs }) => this.pauses.push(retryInMs) };
    this.stream = new WorkItemStream({
      hub: {
        ...service,
        hello: (request, options) => {
          this.hellos.push(clock.now() - startedAt);
          return service.hello(request, options);
        },
      },
      clock,
      random: () => random,
      logger,
      request: {},
      headers: {},
      onItem: ({ completionToken }) => this.items.push(completionToken),
      onLost: () => {
        this.losses += 1;
      },
    });
    onTestFinished(() => this.stream.close());
  }

  /** Lets time pass, and everything happen that happens meanwhile. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    for (await settle(); (this.clock.next ?? Infinity) <= end; await settle()) {
      this.clock.advanceToNext();
    }
    this.clock.advance(end - this.clock.now());
    await settle();
  }
}

describe("a stream of work", () => {
  it("says hello with a deadline, then takes work", async () => {
    const { hub, stream, items } = new Setup();
    await settle();
    expect(stream.isConnected).toBe(true);
    expect(hub.callsOf("hello")[0]?.options.timeoutMs).toBe(30_000);
    hub.workStream.push(work("a"), ping, work("b"));
    await settle();
    expect(items).toEqual(["a", "b"]);
  });

  it("takes what is ready without waiting for it, until it is closed", async () => {
    const ready = ["b", "c", "d", "e"].map(work);
    let isWaited = false;
    const { stream, items } = new Setup((scripted) =>
      scripted.answer("getWorkItems", () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => {
            if (isWaited) return never();
            isWaited = true;
            return Promise.resolve({ done: false, value: work("a") });
          },
          ready: () => {
            if (items.at(-1) === "c") stream.close();
            return ready.shift();
          },
        }),
      })),
    );
    await settle();
    expect(items).toEqual(["a", "b", "c", "d"]);
    expect(ready).toHaveLength(1);
  });

  it("takes work from a hub that knows no hello", async () => {
    const { hub, stream } = new Setup((scripted) =>
      scripted.answer("hello", fails("UNIMPLEMENTED")),
    );
    await settle();
    expect(stream.isConnected).toBe(true);
    expect(hub.streams).toHaveLength(1);
  });

  it.each<TaskHubErrorCode>(["UNAUTHENTICATED", "UNAVAILABLE", "NOT_FOUND", "CANCELLED"])(
    "tries again when hello fails with %s, at growing intervals that its log tells",
    async (code) => {
      const setup = new Setup((hub) => hub.answer("hello", fails(code)));
      await setup.pass(10_000);
      expect(setup.hub.streams).toHaveLength(0);
      expect(setup.pauses).toEqual([500, 1000, 2000, 4000, 8000]);
      expect(setup.hellos).toEqual([0, 500, 1500, 3500, 7500]);
      expect(setup.stream.lastError).toMatchObject({ code });
      setup.hub.answer("hello", () => ({}));
      await setup.pass(8000);
      expect(setup.stream.isConnected).toBe(true);
    },
  );

  it("gives up a hello that is never answered, even if the transport keeps no deadline", async () => {
    const setup = new Setup((hub) => hub.answer("hello", never));
    await setup.pass(29_999);
    expect(setup.pauses).toEqual([]);
    await setup.pass(1);
    expect(setup.stream.lastError).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(setup.hub.calls[0]?.options.signal?.aborted).toBe(true);
    await setup.pass(500);
    expect(setup.hellos).toEqual([0, 30_500]);
  });

  it("does not take a late answer to a hello that it has given up", async () => {
    const answer = Promise.withResolvers<object>();
    const setup = new Setup((hub) =>
      hub.answer("hello", (_request, _options, nth) => (nth === 0 ? answer.promise : never())),
    );
    await setup.pass(30_600);
    expect(setup.hellos).toHaveLength(2);
    answer.resolve({});
    await setup.pass(1000);
    expect(setup.hub.streams).toHaveLength(0);
  });

  it("does not hammer a hub that answers hello and ends each stream at once, for an hour", async () => {
    const setup = new Setup(
      (hub) =>
        hub.answer("getWorkItems", async function* ended() {
          // Nothing comes.
        }),
      1,
    );
    await setup.pass(3_600_000);
    const gaps = setup.hellos.slice(1).map((at, index) => at - (setup.hellos[index] ?? 0));
    expect(gaps.slice(0, 7)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(gaps.slice(5).every((gap) => gap === 30_000)).toBe(true);
    expect(setup.hellos.length).toBeGreaterThan(120);
    expect(setup.losses).toBe(setup.hellos.length);
  });

  it("waits a random part of the pause", async () => {
    for (const random of [0, 0.25, 0.999]) {
      const setup = new Setup((hub) => hub.answer("hello", fails("UNAVAILABLE")), random);
      await settle();
      expect(setup.pauses).toEqual([Math.round(random * 1000)]);
      setup.stream.close();
    }
  });

  it("starts its pauses anew after a message, and not after hello", async () => {
    const setup = new Setup((hub) => hub, 1);
    for (const pause of [1000, 2000, 4000]) {
      await settle();
      setup.hub.workStream.fail(new TaskHubError("UNAVAILABLE", "gone"));
      await setup.pass(pause);
    }
    setup.hub.workStream.push(ping);
    await settle();
    setup.hub.workStream.end();
    await settle();
    expect(setup.pauses).toEqual([1000, 2000, 4000, 1000]);
  });

  it("takes a stream that has lived for long for a sign that the hub is well", async () => {
    const setup = new Setup((hub) => hub, 1);
    for (const pause of [1000, 2000, 4000]) {
      await settle();
      setup.hub.workStream.end();
      await setup.pass(pause);
    }
    await setup.pass(30_000);
    setup.hub.workStream.end();
    await settle();
    expect(setup.pauses).toEqual([1000, 2000, 4000, 1000]);
  });

  it.each(["getWorkItems", "hello"])(
    "survives a transport whose %s throws at once",
    async (method) => {
      const setup = new Setup((hub) => hub.answer(method, fails("INTERNAL")));
      await setup.pass(1000);
      expect(setup.pauses.slice(0, 2)).toEqual([500, 1000]);
      setup.hub.answer(method, () => undefined);
      await setup.pass(1000);
      expect(setup.stream.isConnected).toBe(true);
    },
  );
});

describe("silence", () => {
  it("of a hub that has sent a ping ends the stream after 120 s, and another one is opened", async () => {
    const setup = new Setup();
    await settle();
    const first = setup.hub.workStream;
    first.push(ping);
    await setup.pass(119_999);
    expect(setup.stream.isConnected).toBe(true);
    await setup.pass(1);
    expect(setup.stream.isConnected).toBe(false);
    expect(setup.stream.lastError).toMatchObject({ code: "UNAVAILABLE" });
    // Lost, not closed: the hub is to wait for the results of what this stream has brought.
    expect([first.isAborted, first.isClosed]).toEqual([true, false]);
    await setup.pass(500);
    expect(setup.hub.streams).toHaveLength(2);
  });

  it("is broken by pings and by work alike", async () => {
    const setup = new Setup();
    await settle();
    for (let minute = 0; minute < 60; minute += 1) {
      setup.hub.workStream.push(minute % 2 === 0 ? ping : work(`${minute}`));
      await setup.pass(60_000);
    }
    expect(setup.hub.streams).toHaveLength(1);
  });

  it("of a hub that sends no pings is none, however long", async () => {
    const setup = new Setup();
    await settle();
    setup.hub.workStream.push(work("a"));
    await setup.pass(7 * 86_400_000);
    expect(setup.hub.streams).toHaveLength(1);
    expect(setup.clock.next).toBeUndefined();
  });

  it("is watched for from the start of a stream once the hub is known to send pings", async () => {
    const setup = new Setup();
    await settle();
    setup.hub.workStream.push(ping);
    await settle();
    setup.hub.workStream.end();
    await setup.pass(500);
    expect(setup.hub.streams).toHaveLength(2);
    await setup.pass(119_999);
    expect(setup.hub.streams).toHaveLength(2);
    await setup.pass(1001);
    expect(setup.hub.streams).toHaveLength(3);
  });

  it("drops what a stream still brings that was given up, and tells it so", async () => {
    // A transport that does not care about signals.
    const late = Promise.withResolvers<IteratorResult<WorkItem, undefined>>();
    let isClosed = false;
    const results = [Promise.resolve({ done: false, value: ping } as const), late.promise];
    const deaf: AsyncIterator<WorkItem, undefined> = {
      next: () => results.shift() ?? never(),
      return: async () => {
        isClosed = true;
        return { done: true, value: undefined };
      },
    };
    const setup = new Setup((hub) =>
      hub.answer("getWorkItems", (_request, _options, nth) =>
        nth === 0 ? { [Symbol.asyncIterator]: () => deaf } : undefined,
      ),
    );
    await setup.pass(121_000);
    expect(setup.stream.isConnected).toBe(true);
    late.resolve({ done: false, value: work("late") });
    await settle();
    expect(setup.items).toEqual([]);
    expect(isClosed).toBe(true);
  });
});

describe("close", () => {
  it("ends a hello at once", async () => {
    const { hub, stream, clock } = new Setup((scripted) => scripted.answer("hello", never));
    await settle();
    stream.close();
    expect(hub.calls[0]?.options.signal?.aborted).toBe(true);
    expect(clock.next).toBeUndefined();
  });

  it("ends an open stream at once, by return() before the signal", async () => {
    const setup = new Setup();
    await settle();
    const { workStream } = setup.hub;
    workStream.push(ping);
    await settle();
    setup.stream.close();
    expect([workStream.isClosed, workStream.isAborted]).toEqual([true, true]);
    expect(setup.clock.next).toBeUndefined();
    await setup.pass(3_600_000);
    expect([setup.hellos.length, setup.losses]).toEqual([1, 0]);
  });

  it("ends a pause at once", async () => {
    const setup = new Setup((hub) => hub.answer("hello", fails("UNAVAILABLE")));
    await setup.pass(600);
    setup.stream.close();
    expect(setup.clock.next).toBeUndefined();
    await setup.pass(3_600_000);
    expect(setup.hellos).toHaveLength(2);
  });

  it("sets free whoever waits for a connection", async () => {
    const { stream } = new Setup((hub) => hub.answer("hello", never));
    const waiting = stream.connecting();
    stream.close();
    await waiting;
    expect(stream.connecting()).toBeUndefined();
    expect(stream.isConnected).toBe(false);
  });
});

describe("drain", () => {
  it("keeps an open stream, and opens no other one after it", async () => {
    const setup = new Setup();
    await settle();
    setup.stream.drain();
    setup.hub.workStream.push(work("a"));
    await settle();
    expect(setup.items).toEqual(["a"]);
    expect(setup.hub.workStream.isAborted).toBe(false);
    setup.hub.workStream.end();
    await setup.pass(60_000);
    expect(setup.hellos).toHaveLength(1);
  });

  it.each([
    ["a hello", never],
    ["a pause", fails("UNAVAILABLE")],
  ])("ends %s", async (_name, hello) => {
    const setup = new Setup((hub) => hub.answer("hello", hello));
    await settle();
    setup.stream.drain();
    await setup.pass(120_000);
    expect(setup.hellos).toHaveLength(1);
    expect(setup.clock.next).toBeUndefined();
  });
});
