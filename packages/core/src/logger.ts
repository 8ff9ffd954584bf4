/**
 * What the library writes its log to. `console` and pino satisfy it.
 *
 * The first argument holds the facts, the second says them in words. A method that is missing is a level that is off:
 * nothing is built for it.
 */
export interface Logger {
  debug?(fields: Readonly<Record<string, unknown>>, message: string): void;
  info?(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn?(fields: Readonly<Record<string, unknown>>, message: string): void;
  error?(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Writes nothing. */
export const silentLogger: Logger = {};

/** Warnings and errors to stderr, one line each: what is used where no logger is given. */
export const defaultLogger: Logger = {
  warn: (fields, message) => write("warn", fields, message),
  error: (fields, message) => write("error", fields, message),
};

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
