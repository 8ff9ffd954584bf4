import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createGrpcTransport, type GrpcAddressOptions } from "@durabletask/grpc";
import { type ActivityResponse, TaskHubSidecarService } from "@durabletask/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { workFromArguments } from "../measurement.ts";
import { median } from "../statistics.ts";
import { answerQuestions } from "./process.ts";

// A client process that sends completions, as a worker does.
const { url, kind, calls, inFlight } = workFromArguments<{
  url: string;
  kind: "ours" | "connect" | "grpc-js";
  calls: number;
  inFlight: number;
}>({ url: "http://localhost:4001", kind: "ours", calls: 20_000, inFlight: 64 });

const method = TaskHubSidecarService.method.completeActivityTask;
const stop = new AbortController();
const complete = kind === "grpc-js" ? byGrpcJs() : byOurs();

answerQuestions(
  {},
  {
    warmUp: async () => {
      await run(Math.ceil(calls / 4));
      return {};
    },
    measure: async () => {
      const begin = performance.now();
      const latencies = await run(calls);
      const seconds = (performance.now() - begin) / 1000;
      return { callsPerSecond: calls / seconds, p50: median(latencies) };
    },
  },
);

async function run(count: number): Promise<number[]> {
  const latencies: number[] = [];
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const begin = performance.now();
      await complete(response(left));
      latencies.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return latencies;
}

function response(taskId: number): ActivityResponse {
  return create(method.input, {
    instanceId: "0f8fad5b-d9cb-469f-a165-70867728950e",
    taskId,
    result: '"Hello, Ada!"',
    completionToken: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  });
}

function byOurs(): (message: ActivityResponse) => Promise<unknown> {
  const interceptors: GrpcAddressOptions["interceptors"] =
    kind === "ours" ? [] : [(next) => (request) => next(request)];
  const transport = createGrpcTransport({ baseUrl: url, interceptors });
  const options = { timeoutMs: 30_000, signal: stop.signal };
  return (message) => transport.unary(method, message, options);
}

function byGrpcJs(): (message: ActivityResponse) => Promise<unknown> {
  const client = new Client(new URL(url).host, credentials.createInsecure());
  const metadata = new Metadata();
  const serialize = (message: ActivityResponse): Buffer =>
    Buffer.from(toBinary(method.input, message));
  const deserialize = (bytes: Buffer): unknown => fromBinary(method.output, bytes);
  const path = "/TaskHubSidecarService/CompleteActivityTask";
  return (message) =>
    new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + 30_000 };
      client.makeUnaryRequest(
        path,
        serialize,
        deserialize,
        message,
        metadata,
        options,
        (error, value) => {
          if (error) reject(error);
          else resolve(value);
        },
      );
    });
}
