import { Code, ConnectError } from "@connectrpc/connect";
import { TaskHubError, type TaskHubErrorCode } from "@durabletask/core";
import { withoutPages } from "@durabletask/core/spi";

/** The one table between the codes of task hubs and gRPC's. `OUT_OF_RANGE` and `DATA_LOSS` are in no hub's vocabulary. */
const table: readonly (readonly [TaskHubErrorCode, Code])[] = [
  ["CANCELLED", Code.Canceled],
  ["UNKNOWN", Code.Unknown],
  ["INVALID_ARGUMENT", Code.InvalidArgument],
  ["DEADLINE_EXCEEDED", Code.DeadlineExceeded],
  ["NOT_FOUND", Code.NotFound],
  ["ALREADY_EXISTS", Code.AlreadyExists],
  ["PERMISSION_DENIED", Code.PermissionDenied],
  ["RESOURCE_EXHAUSTED", Code.ResourceExhausted],
  ["FAILED_PRECONDITION", Code.FailedPrecondition],
  ["ABORTED", Code.Aborted],
  ["INVALID_ARGUMENT", Code.OutOfRange],
  ["UNIMPLEMENTED", Code.Unimplemented],
  ["INTERNAL", Code.Internal],
  ["UNAVAILABLE", Code.Unavailable],
  ["INTERNAL", Code.DataLoss],
  ["UNAUTHENTICATED", Code.Unauthenticated],
];

const toCode = new Map(table.toReversed());
const fromCode = new Map(table.map(([name, code]) => [code, name]));

/** What a server answers for what a transport threw. */
export function toConnectError(error: unknown): ConnectError {
  if (!(error instanceof TaskHubError)) return ConnectError.from(error);
  return new ConnectError(
    error.message,
    toCode.get(error.code) ?? Code.Unknown,
    undefined,
    undefined,
    error,
  );
}

/** What a transport throws for what a server answered. */
export function fromConnectError(error: unknown): TaskHubError {
  const { rawMessage, code, cause } = ConnectError.from(error);
  return new TaskHubError(fromCode.get(code) ?? "UNKNOWN", withoutPages(rawMessage), {
    cause: cause ?? error,
  });
}
