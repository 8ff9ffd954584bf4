import type { SessionOptions } from "../engine/session.ts";
import type { Middleware } from "../middleware.ts";
import { enginePlatform } from "../platform.ts";
import { taskLoggers } from "../task-logger.ts";
import type { WorkerSettings } from "./options.ts";

/** More actions than this in one turn fail the instance: most likely a loop that never awaits. */
const maximumActions = 100_000;

/** How the sessions of a worker are set up, by its settings. */
export function sessionOptions(
  settings: WorkerSettings,
  middleware: readonly Middleware[],
): SessionOptions {
  const { converter, logger, maximumTimerIntervalMs, onNonDeterminism, failureOf } = settings;
  return {
    converter,
    maximumTimerIntervalMs,
    maximumActions,
    onNonDeterminism,
    failureOf,
    middleware: middleware.flatMap(({ orchestration }) => orchestration ?? []),
    defaultVersion: settings.versioning.defaultVersion,
    wrapsActivityInputs: settings.activityInputs === "dotnet",
    ...enginePlatform(),
    createLogger: taskLoggers(
      logger,
      ({ instanceId, name }) => ({ event: "orchestrator.log", instanceId, orchestrator: name }),
      ({ isReplaying }) => isReplaying,
    ),
    warn: (fields, message) => logger.warn?.(fields, message),
  };
}
