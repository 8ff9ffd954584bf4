import type { Transport } from "@durabletask/core";
import { createGrpcTransport } from "../src/grpc-transport.ts";
import type { GrpcAddressOptions } from "../src/options.ts";

type Dial = (baseUrl: string, options?: Omit<GrpcAddressOptions, "baseUrl">) => Transport;

/** Both ways in which messages travel. An interceptor that does nothing makes Connect carry them. */
export const paths: readonly (readonly [string, Dial])[] = [
  ["lean", (baseUrl, options) => createGrpcTransport({ retries: false, ...options, baseUrl })],
  [
    "Connect",
    (baseUrl, options) =>
      createGrpcTransport({
        retries: false,
        ...options,
        interceptors: [(next) => (request) => next(request)],
        baseUrl,
      }),
  ],
];
