import type { Clock, Duration, Logger } from "@durabletask/core";

/** Certificates in PEM form: their text, not the names of files. */
export interface ServerTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly passphrase?: string;
  /** The authorities of clients' certificates. When given, a client must show one (mutual TLS). */
  readonly clientCa?: string | Buffer;
}

/** What a peer can make a server hold. */
export interface ServerLimits {
  /**
   * The largest message that is accepted, once it is decompressed. Twice as much is what answers of one HTTP/2 connection may
   * take up before they are sent; calls beyond that are refused. Twice as much, too, is what requests that have begun on one
   * may take up; those beyond that are read when others have come to their end, but for 64 KiB of each. Default: 64 MiB.
   */
  readonly maxMessageBytes?: number;
  /** The headers of one call. Default: 16 KiB. */
  readonly maxHeaderBytes?: number;
  /** Calls and streams that are open at a time in one connection; a client lets more of them wait, or makes another. Default: 1,000. */
  readonly maxStreamsPerConnection?: number;
  /** Connections that are open at a time; more are closed at once. Default: 4,096. */
  readonly maxConnections?: number;
}

/** How task hubs are put on the network. */
export interface ServeOptions {
  /** Where to listen. Default: `127.0.0.1`. An address that others can reach needs `tls` and a proof of who calls. */
  readonly host?: string;
  /** Default: 0, a free one. */
  readonly port?: number;
  readonly tls?: ServerTls;
  /** Whoever shows one of these (`authorization: Bearer <token>`) is let in. Default: nobody is asked. */
  readonly tokens?: readonly string[];
  /** Listens on any address without TLS or tokens: for networks in which something else guards the server. Default: false. */
  readonly allowInsecure?: boolean;
  /** Where pages may come from that call this server in a browser, such as `https://app.example`. Default: nowhere. */
  readonly allowedOrigins?: readonly string[];
  readonly limits?: ServerLimits;
  /** How long a stream of work is silent before it gets a health ping. Default: 30 seconds; zero: never. */
  readonly healthPingInterval?: Duration;
  /** How often an HTTP/2 connection is pinged. One that does not answer is lost. Default: 20 seconds. */
  readonly keepAliveInterval?: Duration;
  /** How long the answer to such a ping may take. Default: 10 seconds. */
  readonly keepAliveTimeout?: Duration;
  /** How long a connection without calls is kept. Default: 5 minutes. */
  readonly idleTimeout?: Duration;
  /** How long `close()` waits for the results of work that workers are at. Default: 5 seconds. */
  readonly drainTimeout?: Duration;
  /** Default: warnings and errors to stderr. `docs/logging.md` lists the events. */
  readonly logger?: Logger;
  /** Default: the platform's clock; its timers do not keep the process alive. */
  readonly clock?: Clock;
}
