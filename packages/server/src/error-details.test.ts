import { create } from "@bufbuild/protobuf";
import { silentLogger, TaskHubError } from "@durabletask/core";
import { createGrpcTransport, type GrpcAddressOptions } from "@durabletask/grpc";
import { CreateInstanceRequestSchema, TaskHubSidecarService } from "@durabletask/protobuf";
import { serve, serveThroughConnect } from "./serve.ts";
import { describe, expect, it } from "vitest";
import { ScriptedTransport } from "../test/scripted-transport.ts";

const { startInstance } = TaskHubSidecarService.method;

const servers = [
  ["our own gRPC", serve],
  ["Connect", serveThroughConnect],
] as const;

const clients: [string, Pick<GrpcAddressOptions, "interceptors">][] = [
  ["our own gRPC", {}],
  ["Connect", { interceptors: [(next) => (request) => next(request)] }],
];

describe.each(servers)("a server by %s", (_, serveBy) => {
  it.each(clients)("answers a client by %s with code, text and details", async (_, options) => {
    const message = "Zu spät:\n100 % vorbei";
    const details = [
      { type: "google.rpc.RetryInfo", value: Uint8Array.of(1, 2, 3) },
      { type: "example.Detail", value: new Uint8Array(5000) },
    ];
    const behind = new ScriptedTransport({
      startInstance: () => {
        throw new TaskHubError("ABORTED", message, { details });
      },
    });
    await using server = await serveBy(() => behind, { logger: silentLogger });
    await using transport = createGrpcTransport({ baseUrl: server.url, ...options });
    const request = create(CreateInstanceRequestSchema, { name: "any" });
    await expect(transport.unary(startInstance, request)).rejects.toMatchObject({
      code: "ABORTED",
      message: `${message} (docs/errors/ABORTED.md)`,
      details,
    });
  });
});
