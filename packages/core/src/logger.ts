/** Writes one line: facts, and the words that say them. */
export type LogLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/**
 * What the library writes its log to. `console` and pino satisfy it.
 *
 * The first argument holds the facts, the second says them in words. A method that is missing is a level that is off:
 * nothing is built for it.
 */
export interface Logger {
  readonly debug?: LogLine | undefined;
  readonly info?: LogLine | undefined;
  readonly warn?: LogLine | undefined;
  readonly error?: LogLine | undefined;
}

/** Writes nothing. */
export const silentLogger: Logger = {};

/** Warnings and errors to stderr, one line each: what is used where no logger is given. */
export const defaultLogger: Logger = {
  warn: (fields, message) => write("warn", fields, message),
  error: (fields, message) => write("error", fields, message),
};

/**
 * The same logger, except that what it throws is swallowed: a log that fails must not fail the work. Levels that are missing
 * stay missing; methods are looked up at each call, since some loggers swap theirs.
 */
export function guardLogger(logger: Logger): Logger {
  return {
    get debug() {
      return guarded(logger, "debug");
    },
    get info() {
      return guarded(logger, "info");
    },
    get warn() {
      return guarded(logger, "warn");
    },
    get error() {
      return guarded(logger, "error");
    },
  };
}

function guarded(logger: Logger, level: keyof Logger): LogLine | undefined {
  if (logger[level] === undefined) return undefined;
  return (fields, message) => {
    try {
      logger[level]?.(fields, message);
    } catch {
      // There is nowhere left to say it.
    }
  };
}

function write(level: string, fields: Readonly<Record<string, unknown>>, message: string): void {
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${text(value)}`);
  process.stderr.write(
    `durabletask ${level}: ${message}${facts.length > 0 ? ` [${facts.join(" ")}]` : ""}\n`,
  );
}

function text(value: unknown): string {
  if (value instanceof Error) return value.stack ?? `${value.name}: ${value.message}`;
  return typeof value === "string" ? value : String(JSON.stringify(value));
}
