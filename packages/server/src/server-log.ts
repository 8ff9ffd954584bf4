import type { Logger } from "@durabletask/core";
import { guardLogger } from "@durabletask/core/spi";
import type { ServerLogEvent } from "./log-event.ts";

/** The log of a server: lines with stable names. */
export class ServerLog {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = guardLogger(logger);
  }

  write(
    level: keyof Logger,
    event: ServerLogEvent,
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    this.#logger[level]?.({ event, ...fields }, message);
  }
}
