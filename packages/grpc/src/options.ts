import type { SecureContextOptions } from "node:tls";
import {
  type Clock,
  type DeadlineOptions,
  type Duration,
  InvalidArgumentError,
  type RetryOptions,
} from "@durabletask/core";
import { backgroundClock, durationToMs } from "@durabletask/core/spi";
import type { HeaderSource } from "./call-headers.ts";
import type { ConnectInterceptor, ConnectTransport } from "./connect-types.ts";
import type { SessionSettings } from "./session.ts";

/** What accompanies the calls of a transport. */
export interface CallDefaults {
  /** Selects one of the server's task hubs. Default: the server's own default. */
  readonly taskHub?: string | undefined;
  /**
   * Headers of every call, such as `authorization`; or a function that fetches them. It is asked when the first call needs them, by one call at a
   * time, again when they expire and when a server has refused them as UNAUTHENTICATED.
   */
  readonly headers?: HeaderSource | undefined;
  /** How long what `headers` gives is used, unless it says when it expires. Default: 5 minutes. */
  readonly headersLifetime?: Duration | undefined;
  /**
   * How long a unary call may take that does not say so itself. Default: 30 seconds, and 5 minutes for what works through many
   * instances. Streams have no limit; a client's wait is many calls.
   */
  readonly deadlines?: DeadlineOptions | undefined;
  /** How calls that can be repeated are tried again while the server cannot be reached; `false`: not at all. */
  readonly retries?: RetryOptions | false | undefined;
}

/** How to reach a server, and what HTTP/2 does on the way. */
export interface GrpcAddressOptions extends CallDefaults {
  /**
   * The address of the server: `http://HOST:PORT` or `grpc://HOST:PORT` without TLS, `https://HOST:PORT` or `grpcs://HOST:PORT`
   * with TLS, `HOST:PORT` without.
   */
  readonly baseUrl: string;
  readonly transport?: undefined;
  /** For TLS: own authorities, a certificate of this side's, another name to expect. Ignored without TLS. */
  readonly tls?: TlsOptions | undefined;
  /** Bytes of the largest message that is taken, decompressed; a larger one fails its call with `RESOURCE_EXHAUSTED`. Default: no limit. */
  readonly readMaxBytes?: number | undefined;
  /** Bytes of the largest message that is sent. Default: no limit. */
  readonly writeMaxBytes?: number | undefined;
  /** How long a connection may take to be made. Default: 20 seconds. */
  readonly connectTimeout?: Duration | undefined;
  /**
   * A connection from which nothing has come for so long is pinged if calls are open on it, and closed if none are. `false`: never.
   * Default: 1 minute. A server that finds this too much says so, and then it is doubled.
   */
  readonly pingInterval?: Duration | false | undefined;
  /** How long a ping may go unanswered until the connection is given up. Default: 15 seconds. */
  readonly pingTimeout?: Duration | undefined;
  /** What `connectTimeout`, `pingInterval` and `pingTimeout` wait on. Default: the platform's clock; its timers do not keep the process alive. */
  readonly clock?: Clock | undefined;
  /** Connect's interceptors, the first one outermost. */
  readonly interceptors?: readonly ConnectInterceptor[] | undefined;
}

/** What may be said of TLS: `ca`, `cert`, `key`, `pfx`, `servername`, `rejectUnauthorized` and the like, as in `node:tls`. */
export interface TlsOptions extends SecureContextOptions {
  /** The name that the server's certificate is for, if it is not the host of the address. */
  readonly servername?: string | undefined;
  /** `false` accepts any certificate: for tests only. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** A transport of Connect's that the user has made: for other protocols, proxies, platforms. */
export interface ConnectTransportOptions extends CallDefaults {
  readonly transport: ConnectTransport;
  readonly baseUrl?: undefined;
}

export type GrpcTransportOptions = GrpcAddressOptions | ConnectTransportOptions;

/** Throws `InvalidArgumentError` for what cannot be. */
export function sessionSettings(options: GrpcAddressOptions): SessionSettings {
  const { pingInterval = { minutes: 1 }, tls } = options;
  return {
    pingIntervalMs: pingInterval === false ? Infinity : positiveMs(pingInterval, "pingInterval"),
    pingTimeoutMs: positiveMs(options.pingTimeout ?? { seconds: 15 }, "pingTimeout"),
    connectTimeoutMs: positiveMs(options.connectTimeout ?? { seconds: 20 }, "connectTimeout"),
    clock: options.clock ?? backgroundClock,
    http2: { ...tls },
  };
}

/** Throws `InvalidArgumentError` for what cannot be. */
export function positiveMs(duration: Duration, what: string): number {
  const ms = durationToMs(duration, what);
  if (ms > 0) return ms;
  throw new InvalidArgumentError(`${what} must be longer than nothing`);
}

/** gRPC's lengths have 32 bits. */
const largestMessageBytes = 0xff_ff_ff_ff;

/** Throws `InvalidArgumentError` for what cannot be. */
export function sizeLimit(bytes: number | undefined, what: string): number {
  if (bytes === undefined) return largestMessageBytes;
  if (Number.isSafeInteger(bytes) && bytes > 0) return Math.min(bytes, largestMessageBytes);
  throw new InvalidArgumentError(`${what} is ${bytes}; it must be a whole number of bytes above 0`);
}
