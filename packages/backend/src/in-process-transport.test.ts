import type { GetInstanceRequest } from "@durabletask/protobuf";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { createInProcessTransport } from "./in-process-transport.ts";

const { getInstance, getWorkItems, hello } = TaskHubSidecarService.method;
const request: GetInstanceRequest = {
  $typeName: "GetInstanceRequest",
  instanceId: "a",
  getInputsAndOutputs: false,
};

describe("createInProcessTransport", () => {
  it("hands the very message to the handler, with the options of the call", async () => {
    const headers = { taskhub: "x" };
    const transport = createInProcessTransport({
      getInstance: async (received, options) => {
        expect(received).toBe(request);
        expect(options.headers).toBe(headers);
        return { $typeName: "GetInstanceResponse", exists: true };
      },
    });
    expect((await transport.unary(getInstance, request, { headers })).exists).toBe(true);
  });

  it("a method without a handler is UNIMPLEMENTED", async () => {
    const transport = createInProcessTransport({});
    const unimplemented = { code: "UNIMPLEMENTED" };
    const empty = { $typeName: "google.protobuf.Empty" as const };
    await expect(transport.unary(hello, empty)).rejects.toMatchObject(unimplemented);
    const stream = transport.stream(getWorkItems, {
      $typeName: "GetWorkItemsRequest",
      maxConcurrentOrchestrationWorkItems: 0,
      maxConcurrentActivityWorkItems: 0,
      maxConcurrentEntityWorkItems: 0,
      capabilities: [],
      workerInstanceId: "",
    });
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject(unimplemented);
  });

  it("does not call on behalf of an aborted signal", async () => {
    const transport = createInProcessTransport({ getInstance: () => expect.unreachable() });
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(transport.unary(getInstance, request, { signal })).rejects.toBe(reason);
  });
});
