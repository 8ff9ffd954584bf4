export { createGrpcTransport } from "./grpc-transport.ts";
export type { GrpcTransportOptions } from "./grpc-transport.ts";
