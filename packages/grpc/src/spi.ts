export { fromConnectError, toConnectError } from "./connect-error.ts";
export { fromStatus, toStatus } from "./status.ts";
export type { Status } from "./status.ts";
export { encodeFrame, FrameReader } from "./framing.ts";
export type { Frame } from "./framing.ts";
export { encodeStatus } from "./rpc-status.ts";
export type { StatusHeaders } from "./rpc-status.ts";
