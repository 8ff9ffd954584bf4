import { DurableTaskError } from "@durabletask/core";

/** What the command's exit codes mean. The README lists them. */
export const exitCode = {
  done: 0,
  failed: 1,
  badUsage: 2,
  cannotListen: 3,
  cannotOpenTaskHub: 4,
} as const;

/** Which exit code says what went wrong. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof DurableTaskError)) return exitCode.failed;
  if (error.code === "INVALID_ARGUMENT") return exitCode.badUsage;
  if (error.code === "SERVER_EXPOSED" || error.code.startsWith("ADDRESS_"))
    return exitCode.cannotListen;
  return error.code.startsWith("TASK_HUB_") ? exitCode.cannotOpenTaskHub : exitCode.failed;
}
