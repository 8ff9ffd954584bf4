import { type Clock, InvalidArgumentError, systemClock, TaskHubError } from "@durabletask/core";

/** Metadata of calls. Names are in lower case. */
export type CallHeaders = Readonly<Record<string, string>>;

/** Headers that say how long they may be used. */
export interface ExpiringHeaders {
  readonly headers: CallHeaders;
  /** Milliseconds since 1970-01-01 UTC, or a date. Leave the margin that a call needs. */
  readonly expiresAt: number | Date;
}

type Answer = CallHeaders | ExpiringHeaders;

/** Headers, or what asks for them: a token that has to be fetched, within 30 seconds. */
export type HeaderSource = CallHeaders | (() => Answer | Promise<Answer>);

/** How long a source may take. One that never answers would hold up every call from then on. */
const answerMs = 30_000;

type State =
  | { readonly kind: "empty" }
  | { readonly kind: "asking"; readonly answer: Promise<CallHeaders> }
  | { readonly kind: "known"; readonly headers: CallHeaders; readonly expiresAt: number };

/**
 * The headers of every call: the fixed ones, and those of the user's source. One question to the source is in flight at a
 * time, and its answer is kept until it expires or a server refuses it.
 *
 * The same object is given for as long as nothing changes, so that what is derived from it can be kept too.
 */
export class HeaderProvider {
  /** What every call carries, whatever the source says. */
  readonly fixed: CallHeaders;
  readonly #source: Exclude<HeaderSource, CallHeaders> | undefined;
  readonly #lifetimeMs: number;
  readonly #clock: Clock;
  #state: State = { kind: "empty" };

  /** Throws `InvalidArgumentError` for names and values that HTTP/2 or gRPC do not take. */
  constructor(
    fixed: CallHeaders,
    source: HeaderSource = {},
    lifetimeMs = 300_000,
    clock: Clock = systemClock,
  ) {
    this.#lifetimeMs = lifetimeMs;
    this.#clock = clock;
    if (typeof source === "function") {
      this.fixed = checked(fixed);
      this.#source = source;
    } else {
      this.fixed = Object.freeze({ ...checked(fixed), ...checked(source) });
      this.#source = undefined;
    }
  }

  /** Whether there is nobody to ask: `fixed` is all. */
  get isFixed(): boolean {
    return this.#source === undefined;
  }

  /** Gives the headers; asks for them where they are not known. Rejects with `UNAVAILABLE` if the source fails. */
  get(): CallHeaders | Promise<CallHeaders> {
    const state = this.#state;
    if (this.#source === undefined) return this.fixed;
    if (state.kind === "asking") return state.answer;
    if (state.kind === "known" && Date.now() < state.expiresAt) return state.headers;
    const answer = this.#ask(this.#source);
    this.#state = { kind: "asking", answer };
    return answer;
  }

  /** A server refused these: they are asked for again, unless that has happened meanwhile. */
  refuse(headers: CallHeaders): void {
    if (this.#state.kind === "known" && this.#state.headers === headers) {
      this.#state = { kind: "empty" };
    }
  }

  async #ask(source: Exclude<HeaderSource, CallHeaders>): Promise<CallHeaders> {
    try {
      const answer = await this.#inTime(source);
      const isExpiring = isExpiringHeaders(answer);
      const given = checked(isExpiring ? answer.headers : answer);
      const headers = Object.freeze({ ...this.fixed, ...given });
      const expiresAt = isExpiring ? Number(answer.expiresAt) : Date.now() + this.#lifetimeMs;
      this.#state = { kind: "known", headers, expiresAt };
      return headers;
    } catch (cause) {
      this.#state = { kind: "empty" };
      if (cause instanceof InvalidArgumentError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      // Nothing was sent; who retries asks the source again.
      throw new TaskHubError("UNAVAILABLE", `the source of the headers failed: ${why}`, { cause });
    }
  }

  async #inTime(source: Exclude<HeaderSource, CallHeaders>): Promise<Answer> {
    const late = Promise.withResolvers<never>();
    const seconds = answerMs / 1000;
    const cancel = this.#clock.schedule(
      () => late.reject(new Error(`it gave no answer within ${seconds} s`)),
      answerMs,
    );
    try {
      return await Promise.race([source(), late.promise]);
    } finally {
      cancel();
    }
  }
}

/** What the protocol itself sets, and what would break it. */
const reserved =
  /^(?::.*|grpc-.*|connection|content-type|host|te|transfer-encoding|upgrade|keep-alive|http2-settings|proxy-connection)$/u;

/** The headers with their names in lower case. */
export function checked(headers: CallHeaders): CallHeaders {
  const result: Record<string, string> = {};
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase();
    if (reserved.test(name)) {
      throw new InvalidArgumentError(`the header '${given}' is the protocol's own: leave it out`);
    }
    if (!/^[a-z0-9_.-]+$/u.test(name)) {
      throw new InvalidArgumentError(
        `${JSON.stringify(given)} is no name of a header: letters, digits, '-', '_' and '.' are`,
      );
    }
    // Not the value: it may be a secret.
    if (typeof value !== "string" || !/^[\x20-\x7e]*$/u.test(value)) {
      throw new InvalidArgumentError(
        `the header '${name}' must be a string of printable ASCII characters; encode what is not`,
      );
    }
    result[name] = value;
  }
  return result;
}

function isExpiringHeaders(answer: CallHeaders | ExpiringHeaders): answer is ExpiringHeaders {
  return typeof answer["headers"] === "object";
}
