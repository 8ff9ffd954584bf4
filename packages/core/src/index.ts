export { systemClock } from "./clock.ts";
export type { Clock } from "./clock.ts";
export { DurableTaskError, InvalidArgumentError, TaskHubError } from "./errors.ts";
export type { TaskHubErrorCode } from "./errors.ts";
export { defaultLogger, silentLogger } from "./logger.ts";
export type { Logger } from "./logger.ts";
export type { CallOptions, Transport } from "./transport.ts";
