import type { ExecutionStartedEvent } from "@durabletask/protobuf";
import type { OrchestrationLogger } from "../engine/context.ts";
import type { Logger } from "../logger.ts";

type Level = "debug" | "info" | "warn" | "error";
type Fields = Readonly<Record<string, unknown>>;

/** A logger for one execution that writes nothing while it is replayed, and names the instance in each line. */
export function createReplaySafeLogger(
  logger: Logger,
  started: ExecutionStartedEvent,
  isReplaying: () => boolean,
): OrchestrationLogger {
  const facts = {
    event: "orchestrator.log",
    instanceId: started.orchestrationInstance?.instanceId,
    orchestrator: started.name,
  };
  const write = (level: Level, first: string | Fields, message?: string): void => {
    if (isReplaying() || logger[level] === undefined) return;
    if (typeof first === "string") logger[level](facts, first);
    else logger[level]({ ...facts, ...first }, message ?? "");
  };
  return {
    debug: (first: string | Fields, message?: string) => write("debug", first, message),
    info: (first: string | Fields, message?: string) => write("info", first, message),
    warn: (first: string | Fields, message?: string) => write("warn", first, message),
    error: (first: string | Fields, message?: string) => write("error", first, message),
  };
}
