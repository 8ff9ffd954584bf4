import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { TaskHubError, type Transport } from "@durabletask/core";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import { serve } from "@durabletask/server";
import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { workFromArguments } from "../measurement.ts";
import { answerQuestions } from "./process.ts";

// A server process that takes completions and does nothing with them: what remains is the wire.
const { kind } = workFromArguments<{ kind: "ours" | "grpc-js" }>({ kind: "ours" });
const { completeActivityTask } = TaskHubSidecarService.method;

answerQuestions({ url: kind === "ours" ? await startOurs() : await startGrpcJs() });

async function startOurs(): Promise<string> {
  const transport = {
    unary: async (method: typeof completeActivityTask) => create(method.output),
    stream: () => {
      throw new TaskHubError("UNIMPLEMENTED", "there are no streams here");
    },
    [Symbol.asyncDispose]: async () => {},
  };
  // Only completions come, whose types these are.
  const { url } = await serve(() => transport as unknown as Transport);
  return url;
}

function startGrpcJs(): Promise<string> {
  const { input, output } = completeActivityTask;
  const definition: ServiceDefinition = {
    complete: {
      path: "/TaskHubSidecarService/CompleteActivityTask",
      requestStream: false,
      responseStream: false,
      requestSerialize: (request) => Buffer.from(toBinary(input, request)),
      requestDeserialize: (bytes) => fromBinary(input, bytes),
      responseSerialize: (response) => Buffer.from(toBinary(output, response)),
      responseDeserialize: (bytes) => fromBinary(output, bytes),
    },
  };
  const server = new Server();
  server.addService(definition, {
    complete: (_call: unknown, callback: (error: null, value: unknown) => void) =>
      callback(null, create(output)),
  });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(`http://127.0.0.1:${port}`);
    });
  });
}
