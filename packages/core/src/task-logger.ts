import type { TaskLogger, TaskLogLine } from "./engine/context.ts";
import type { Logger } from "./logger.ts";

type Level = "debug" | "info" | "warn" | "error";
type Facts = Readonly<Record<string, unknown>>;

/**
 * Makes loggers for users' code, which put the facts of what they are of into each line, and write nothing while that is
 * silent. Each context has one and few use it: it is a small object, and all else is built for the lines that are written.
 */
export function taskLoggers<Of>(
  logger: Logger,
  factsOf: (of: Of) => Facts,
  isSilent: (of: Of) => boolean = () => false,
): (of: Of) => TaskLogger {
  const write = (of: Of, level: Level, first: string | Facts, message: string): void => {
    if (logger[level] === undefined || isSilent(of)) return;
    if (typeof first === "string") logger[level](factsOf(of), first);
    else logger[level]({ ...factsOf(of), ...first }, message);
  };
  return (of) => new LinesOf(of, write);
}

type Write<Of> = (of: Of, level: Level, first: string | Facts, message: string) => void;

/** Getters that give functions, so that these can be handed on alone: `promise.catch(ctx.logger.error)`. */
class LinesOf<Of> implements TaskLogger {
  readonly #of: Of;
  readonly #write: Write<Of>;

  constructor(of: Of, write: Write<Of>) {
    this.#of = of;
    this.#write = write;
  }

  get debug(): TaskLogLine {
    return this.#line("debug");
  }

  get info(): TaskLogLine {
    return this.#line("info");
  }

  get warn(): TaskLogLine {
    return this.#line("warn");
  }

  get error(): TaskLogLine {
    return this.#line("error");
  }

  #line(level: Level): TaskLogLine {
    return (first: string | Facts, message: string = "") =>
      this.#write(this.#of, level, first, message);
  }
}
