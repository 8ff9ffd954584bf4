import type { Clock, Duration } from "@durabletask/core";
import { defaultLogger, InvalidArgumentError } from "@durabletask/core";
import { backgroundClock, durationToMs, longestTimerMs } from "@durabletask/core/spi";
import type { ServeOptions, ServerLimits, ServerTls } from "./serve-options.ts";
import { ServerLog } from "./server-log.ts";

/** The options of a server with every default filled in. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly tls: ServerTls | undefined;
  readonly tokens: readonly string[];
  readonly allowedOrigins: ReadonlySet<string>;
  readonly allowInsecure: boolean;
  readonly limits: Required<ServerLimits>;
  readonly healthPingMs: number;
  readonly keepAliveIntervalMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly log: ServerLog;
  readonly clock: Clock;
}

/** Fills in the defaults. Throws {@link InvalidArgumentError} for what makes no sense. */
export function settingsOf(options: ServeOptions): Settings {
  return {
    host: checkedHost(options.host ?? "127.0.0.1"),
    port: checkedPort(options.port ?? 0),
    tls: options.tls,
    tokens: checkedTokens(options.tokens ?? []),
    allowedOrigins: new Set(options.allowedOrigins?.map(checkedOrigin)),
    allowInsecure: options.allowInsecure ?? false,
    limits: limitsOf(options.limits ?? {}),
    healthPingMs: interval(options.healthPingInterval, 30_000, "healthPingInterval", 0),
    keepAliveIntervalMs: interval(options.keepAliveInterval, 20_000, "keepAliveInterval", 1),
    keepAliveTimeoutMs: interval(options.keepAliveTimeout, 10_000, "keepAliveTimeout", 1),
    idleTimeoutMs: interval(options.idleTimeout, 300_000, "idleTimeout", 1),
    drainTimeoutMs: interval(options.drainTimeout, 5000, "drainTimeout", 0),
    log: new ServerLog(options.logger ?? defaultLogger),
    // What waits on it does not keep the process alive: the listening socket does.
    clock: options.clock ?? backgroundClock,
  };
}

/** To Node.js no name means every address. */
function checkedHost(host: string): string {
  if (host !== "") return host;
  throw new InvalidArgumentError("host is empty: give an address of this machine, or leave it out");
}

function checkedPort(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError(`port must be a whole number between 0 and 65535, not ${port}`);
}

function limitsOf(limits: ServerLimits): Required<ServerLimits> {
  return {
    maxMessageBytes: positive(limits.maxMessageBytes ?? 64 * 2 ** 20, "maxMessageBytes"),
    maxHeaderBytes: positive(limits.maxHeaderBytes ?? 16 * 2 ** 10, "maxHeaderBytes"),
    maxStreamsPerConnection: positive(
      limits.maxStreamsPerConnection ?? 1000,
      "maxStreamsPerConnection",
    ),
    maxConnections: positive(limits.maxConnections ?? 4096, "maxConnections"),
  };
}

function interval(
  duration: Duration | undefined,
  defaultMs: number,
  name: string,
  leastMs: number,
): number {
  const ms = duration === undefined ? defaultMs : durationToMs(duration, name);
  if (ms < leastMs) throw new InvalidArgumentError(`${name} must be at least ${leastMs} ms`);
  return Math.min(ms, longestTimerMs);
}

function positive(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value > 0 && value < 2 ** 32) return value;
  throw new InvalidArgumentError(
    `${name} must be a whole number between 1 and 4294967295, not ${value}`,
  );
}

function checkedTokens(tokens: readonly string[]): readonly string[] {
  if (tokens.every((token) => /^[\x21-\x7e]+$/u.test(token))) return tokens;
  // The token itself must not reach a log.
  throw new InvalidArgumentError("A token must be visible ASCII characters, without spaces");
}

function checkedOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
  throw new InvalidArgumentError(
    `"${origin}" is not an origin: give scheme, host and port, such as https://app.example`,
  );
}
