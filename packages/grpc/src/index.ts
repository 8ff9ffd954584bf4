export { createGrpcTransport } from "./grpc-transport.ts";
export type { CallHeaders, ExpiringHeaders, HeaderSource } from "./call-headers.ts";
export type {
  ConnectInterceptor,
  ConnectRequest,
  ConnectResponse,
  ConnectTransport,
} from "./connect-types.ts";
export type {
  CallDefaults,
  ConnectTransportOptions,
  GrpcAddressOptions,
  GrpcTransportOptions,
  TlsOptions,
} from "./options.ts";
