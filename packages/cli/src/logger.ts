import type { Logger } from "@durabletask/core";
import pino from "pino";

/** From all to nothing. */
export const levels = ["debug", "info", "warn", "error", "silent"] as const;

/** Writes one JSON object a line to stderr; stdout is for the ready line. */
export function createLogger(level: string): Logger {
  const log = pino(
    { level, base: null, serializers: { error: pino.stdSerializers.err } },
    // At once: nothing is lost when the process ends.
    pino.destination({ dest: 2, sync: true }),
  );
  // A level that is off is a method that is missing, so that nothing is built for it.
  const at = (name: "debug" | "info" | "warn" | "error") =>
    log.isLevelEnabled(name)
      ? (fields: Readonly<Record<string, unknown>>, message: string) => log[name](fields, message)
      : undefined;
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
