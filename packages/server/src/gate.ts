import { hash, timingSafeEqual } from "node:crypto";
import { TaskHubError } from "@durabletask/core";
import type { ServerLog } from "./server-log.ts";
import type { Settings } from "./settings.ts";

/** Decides who may call. */
export class Gate {
  readonly #tokens: readonly Uint8Array[];
  readonly #allowedOrigins: ReadonlySet<string>;
  readonly #log: ServerLog;

  constructor({ tokens, allowedOrigins, log }: Settings) {
    this.#tokens = tokens.map(digest);
    this.#allowedOrigins = allowedOrigins;
    this.#log = log;
  }

  get asksForToken(): boolean {
    return this.#tokens.length > 0;
  }

  /** Whether pages of this origin may call. Programs that are no browsers send none. */
  allowsOrigin(origin: string | undefined): boolean {
    return origin === undefined || this.#allowedOrigins.has(origin);
  }

  /** Throws `PERMISSION_DENIED` or `UNAUTHENTICATED` for a call that is to be refused. */
  check(origin: string | undefined, authorization: string | undefined): void {
    if (!this.allowsOrigin(origin)) {
      throw this.#refusal(
        "PERMISSION_DENIED",
        `Pages of ${origin} may not call this server: add it to the allowed origins.`,
      );
    }
    if (this.asksForToken && !this.#knows(authorization)) {
      const seen = authorization === undefined ? "has none" : "has another one";
      throw this.#refusal(
        "UNAUTHENTICATED",
        `This server wants a token, and the call ${seen}: send the header "authorization: Bearer <token>".`,
      );
    }
  }

  #refusal(code: "PERMISSION_DENIED" | "UNAUTHENTICATED", message: string): TaskHubError {
    this.#log.write("warn", "server.call-refused", message, { code });
    return new TaskHubError(code, message);
  }

  /** Takes as long for a wrong token as for a right one: digests have one length, and all of them are compared. */
  #knows(authorization: string | undefined): boolean {
    const token = /^bearer +(?<token>\S+) *$/iu.exec(authorization ?? "")?.groups?.["token"] ?? "";
    const shown = digest(token);
    let isKnown = false;
    for (const known of this.#tokens) isKnown = timingSafeEqual(known, shown) || isKnown;
    return isKnown;
  }
}

function digest(token: string): Uint8Array {
  return hash("sha256", token, "buffer");
}
