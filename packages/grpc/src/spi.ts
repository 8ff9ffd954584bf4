export { fromConnectError, toConnectError } from "./connect-error.ts";
export { fromStatus, toStatus } from "./status.ts";
export type { Status } from "./status.ts";
