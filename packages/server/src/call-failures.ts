import type { DescMethod } from "@bufbuild/protobuf";
import { DurableTaskError, InvalidArgumentError, TaskHubError } from "@durabletask/core";
import type { Call } from "./call.ts";
import type { ServerLog } from "./server-log.ts";

/** Says what callers are told of errors, and writes those down that are the server's. */
export class CallFailures {
  readonly #log: ServerLog;

  constructor(log: ServerLog) {
    this.#log = log;
  }

  failureOf(method: DescMethod, { taskHub }: Call, error: unknown): TaskHubError {
    const failure = toTaskHubError(error);
    const level = isServersFault(failure) ? "error" : "debug";
    const fields = { method: method.name, taskHub, code: failure.code, error };
    this.#log.write(level, "server.call-failed", "a call was answered with an error", fields);
    return failure;
  }
}

function toTaskHubError(error: unknown): TaskHubError {
  if (error instanceof TaskHubError) return error;
  if (error instanceof InvalidArgumentError) {
    return new TaskHubError("INVALID_ARGUMENT", error.message, { cause: error });
  }
  // Such as a file that another process owns. It is written for users.
  if (error instanceof DurableTaskError) {
    return new TaskHubError("FAILED_PRECONDITION", error.message, { cause: error });
  }
  // Anything else was not written for strangers.
  const message = "The server failed; its log says why.";
  return new TaskHubError("INTERNAL", message, { cause: error });
}

function isServersFault({ code, cause }: TaskHubError): boolean {
  return (
    code === "INTERNAL" || code === "UNKNOWN" || (code === "UNAVAILABLE" && cause !== undefined)
  );
}
