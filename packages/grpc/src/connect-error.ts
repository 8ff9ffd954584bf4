import { type Code, ConnectError } from "@connectrpc/connect";
import type { TaskHubError } from "@durabletask/core";
import { fromStatus, toStatus } from "./status.ts";

/** What a server that is built on Connect throws for what a transport threw. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const { code, message, details } = toStatus(error);
  // The table holds the numbers of gRPC, which are Connect's. Connect takes details as they come off the wire, but says
  // so only in the type of the field.
  const answer = new ConnectError(message, code as Code, undefined, undefined, error);
  answer.details = [...details];
  return answer;
}

/** What a transport throws for what a Connect client threw. */
export function fromConnectError(error: ConnectError): TaskHubError {
  const { rawMessage, code, cause } = error;
  const details = error.details.flatMap((detail) => ("type" in detail ? [detail] : []));
  return fromStatus({ code, message: rawMessage, details }, { cause: cause ?? error });
}
