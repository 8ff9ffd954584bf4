import type { TaskLogger } from "./engine/context.ts";
import type { Logger } from "./logger.ts";

type Level = "debug" | "info" | "warn" | "error";
type Fields = Readonly<Record<string, unknown>>;

/** A logger for users' code that puts `facts` into each line, and writes nothing while `isSilent()`. */
export function createTaskLogger(
  logger: Logger,
  facts: Fields,
  isSilent: () => boolean = () => false,
): TaskLogger {
  const write = (level: Level, first: string | Fields, message?: string): void => {
    if (isSilent() || logger[level] === undefined) return;
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
