export { fromConnectError, toConnectError } from "./status.ts";
