import { create, type DescMessage, type DescMethodServerStreaming } from "@bufbuild/protobuf";
import {
  type CallOptions,
  defineOrchestrator,
  TaskHubError,
  type Transport,
} from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import {
  GetInstanceRequestSchema,
  GetWorkItemsRequestSchema,
  TaskHubSidecarService,
  type WorkItem,
} from "@durabletask/protobuf";
import { expect } from "vitest";
import type { Bench, Scenarios } from "../bench.ts";

const { method: methods } = TaskHubSidecarService;
const chatty = defineOrchestrator("chatty", async (ctx) => {
  for (let i = 0; i < 200; i += 1) ctx.sendEvent(ctx.instanceId, "noise", "x".repeat(10_000));
});

/** Turns of one orchestration, one at a time, as the wire has them. */
function turnsOf(transport: Transport, name: string): AsyncIterator<WorkItem> {
  const request = create(GetWorkItemsRequestSchema, {
    maxConcurrentOrchestrationWorkItems: 1,
    maxConcurrentActivityWorkItems: 1,
    workItemFilters: { orchestrations: [{ name }] },
  });
  return transport.stream(methods.getWorkItems, request)[Symbol.asyncIterator]();
}

/** The next item of work; pings show only that the stream lives. */
async function nextTurn(stream: AsyncIterator<WorkItem>): Promise<WorkItem> {
  for (;;) {
    const { value, done } = await stream.next();
    if (done === true) throw new Error("the stream has ended");
    if (value.request.case !== "healthPing") return value;
  }
}

async function schedule(bench: Bench, name: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await bench.client.scheduleNewOrchestration(name);
}

/** Completes a turn, and with it the instance. */
async function complete(transport: Transport, { request, completionToken }: WorkItem) {
  const instanceId = request.case === "orchestratorRequest" ? request.value.instanceId : "";
  await createTaskHubService(transport).completeOrchestratorTask({
    instanceId,
    completionToken,
    actions: [
      {
        id: -1,
        orchestratorActionType: {
          case: "completeOrchestration",
          value: { orchestrationStatus: 1 },
        },
      },
    ],
  });
}

/** The two methods of a transport, as the contract has them. */
export const calls: Scenarios = {
  async "fails with errors of core, whose code and message cross"(bench) {
    const service = createTaskHubService(bench.transport);
    const error = await service
      .terminateInstance({ instanceId: bench.id("nobody") })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TaskHubError);
    expect(error).toMatchObject({ code: "NOT_FOUND" });
    expect(String(error).match(/docs\/errors/gu)).toHaveLength(1);
  },

  async "ends a call by its signal, with the reason of the signal"(bench) {
    const reason = new Error("enough");
    const request = create(GetInstanceRequestSchema, { instanceId: bench.id("x") });
    const aborted = bench.transport.unary(methods.getInstance, request, {
      signal: AbortSignal.abort(reason),
    });
    await expect(aborted).rejects.toBe(reason);
    const instanceId = await bench.client.scheduleNewOrchestration("nobody takes it", undefined, {
      startAt: new Date(Date.now() + 3_600_000),
    });
    const controller = new AbortController();
    const waiting = bench.transport.unary(
      methods.waitForInstanceCompletion,
      create(GetInstanceRequestSchema, { instanceId }),
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(reason), 30);
    await expect(waiting).rejects.toBe(reason);
    await bench.client.terminateOrchestration(instanceId);
  },

  async "ends a call at its deadline"(bench) {
    const instanceId = await bench.client.scheduleNewOrchestration("nobody has it", undefined, {
      startAt: new Date(Date.now() + 3_600_000),
    });
    const waiting = bench.transport.unary(
      methods.waitForInstanceCompletion,
      create(GetInstanceRequestSchema, { instanceId }),
      { timeoutMs: 50 },
    );
    await expect(waiting).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await bench.client.terminateOrchestration(instanceId);
  },

  async "leases no more work than a worker has asked for"(bench) {
    const name = bench.id("one at a time");
    const transport = await bench.connect();
    const stream = turnsOf(transport, name);
    const first = nextTurn(stream);
    await schedule(bench, name, 2);
    const item = await first;
    const second = nextTurn(stream);
    const pause = new Promise<string>((resolve) => void setTimeout(resolve, 100, "nothing"));
    expect(await Promise.race([second, pause])).toBe("nothing");
    await complete(transport, item);
    await complete(transport, await second);
    await stream.return?.();
  },

  async "gives work back when a stream is closed"(bench) {
    const name = bench.id("given back");
    const first = turnsOf(await bench.connect(), name);
    const taken = nextTurn(first);
    await schedule(bench, name, 1);
    await taken;
    const transport = await bench.connect();
    const second = turnsOf(transport, name);
    const again = nextTurn(second);
    await first.return?.();
    await complete(transport, await again);
    await second.return?.();
  },

  async "gives work back that is abandoned"(bench) {
    const name = bench.id("abandoned");
    const transport = await bench.connect();
    const stream = turnsOf(transport, name);
    const taken = nextTurn(stream);
    await schedule(bench, name, 1);
    const { completionToken } = await taken;
    await createTaskHubService(transport).abandonTaskOrchestratorWorkItem({ completionToken });
    const other = await bench.connect();
    const elsewhere = turnsOf(other, name);
    await complete(other, await nextTurn(elsewhere));
    await Promise.all([stream.return?.(), elsewhere.return?.()]);
  },

  async "takes a completion that is late, repeated or made up without an error"(bench) {
    const name = bench.id("completed twice");
    const transport = await bench.connect();
    const stream = turnsOf(transport, name);
    const taken = nextTurn(stream);
    await schedule(bench, name, 1);
    const item = await taken;
    await complete(transport, item);
    await complete(transport, item);
    await complete(transport, { ...item, completionToken: "made up" });
    await stream.return?.();
  },

  async "lets a stream be left in the middle"(bench) {
    await bench.work([chatty]);
    const id = await bench.client.scheduleNewOrchestration(chatty);
    await bench.end(id);
    const service = createTaskHubService(bench.transport);
    for await (const chunk of service.streamInstanceHistory({ instanceId: id })) {
      expect(chunk.events.length).toBeGreaterThan(0);
      break;
    }
    const history = await bench.client.getOrchestrationHistory(id);
    expect(history.filter(({ type }) => type === "eventSent")).toHaveLength(200);
  },

  async "carries the headers of a call"(bench) {
    const seen: (CallOptions["headers"] | undefined)[] = [];
    const transport = await bench.connectTo({
      unary: (method, request, options) => {
        seen.push(options?.headers);
        return bench.transport.unary(method, request, options);
      },
      stream: (method, request, options) => bench.transport.stream(method, request, options),
      [Symbol.asyncDispose]: async () => {},
    });
    const request = create(GetInstanceRequestSchema, { instanceId: bench.id("any") });
    await transport.unary(methods.getInstance, request, { headers: { "x-tenant": "blue" } });
    expect(seen).toEqual([expect.objectContaining({ "x-tenant": "blue" })]);
  },

  async "carries the details of an error, and one that comes in the middle of a stream"(bench) {
    const details = [{ type: "example.Detail", value: Uint8Array.of(0, 1, 254, 255) }];
    const fail = () => new TaskHubError("ABORTED", "not now", { details });
    const transport = await bench.connectTo({
      unary: () => Promise.reject(fail()),
      async *stream<I extends DescMessage, O extends DescMessage>(
        method: DescMethodServerStreaming<I, O>,
      ) {
        yield create(method.output);
        throw fail();
      },
      [Symbol.asyncDispose]: async () => {},
    });
    const expected = { code: "ABORTED", details, message: expect.stringContaining("not now") };
    const service = createTaskHubService(transport);
    await expect(service.startInstance({ name: "any" })).rejects.toMatchObject(expected);
    const chunks = service.streamInstanceHistory({ instanceId: "any" })[Symbol.asyncIterator]();
    expect((await chunks.next()).done).toBe(false);
    await expect(chunks.next()).rejects.toMatchObject(expected);
  },
};
