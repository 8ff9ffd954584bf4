import { ConnectError } from "@connectrpc/connect";
import type { TaskHubError } from "@durabletask/core";
import { fromStatus, toStatus } from "./status.ts";

/** What a server that is built on Connect throws for what a transport threw. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const { code, message, details } = toStatus(error);
  // The numbers of gRPC are Connect's. Details as they come off the wire are taken by the field, not by the constructor.
  const answer = new ConnectError(message, code, undefined, undefined, error);
  answer.details = [...details];
  return answer;
}

/** What a transport throws for what a Connect client threw. */
export function fromConnectError(error: ConnectError): TaskHubError {
  const { rawMessage, code, cause } = error;
  const details = error.details.flatMap((detail) => ("type" in detail ? [detail] : []));
  return fromStatus({ code, message: rawMessage, details }, { cause: cause ?? error });
}
