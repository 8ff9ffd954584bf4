import type { CallOptions } from "@durabletask/core";
import { TaskHubError } from "@durabletask/core";
import type { Intake } from "./calls/intake.ts";
import type { Hub } from "./state/hub.ts";
import type { TaskHubHost } from "./task-hub-host.ts";

type Handler<I, O> = (request: I, options: CallOptions) => Promise<O>;
type Apply<I, O> = (hub: Hub, request: I, options: CallOptions) => Promise<O>;

/** How calls come to the hub as it is now. One that breaks off for a reason of its own takes the hub's memory with it. */
export class Entrance {
  readonly #host: TaskHubHost;
  readonly #intake: Intake;

  constructor(host: TaskHubHost, intake: Intake) {
    this.#host = host;
    this.#intake = intake;
  }

  call<I, O>(apply: Apply<I, O>): Handler<I, O> {
    return async (request, options) => {
      const { hub } = this.#host;
      try {
        return await apply(hub, request, options);
      } catch (error) {
        throw isExpected(error, options) ? error : this.#host.fail(hub, error);
      }
    };
  }

  /** For calls that bring more to write: when it is their turn. */
  intakeCall<I, O>(
    apply: Apply<I, O>,
    payloadOf: (request: I) => string | undefined,
  ): Handler<I, O> {
    const admitted = this.call(apply);
    return (request, options) =>
      this.#intake.run(payloadOf(request)?.length ?? 0, options, () => admitted(request, options));
  }

  /** For what does all that it does at once, and then waits for nothing but a commit: no promises of its own. */
  result<I, O>(apply: (hub: Hub, request: I) => Promise<O>): Handler<I, O> {
    return (request, options) => {
      let hub: Hub | undefined;
      try {
        ({ hub } = this.#host);
        return apply(hub, request);
      } catch (error) {
        return Promise.reject(
          hub && !isExpected(error, options) ? this.#host.fail(hub, error) : error,
        );
      }
    };
  }
}

/** Anything else means that a command broke off: memory may be half of the past and half of what was to come. */
function isExpected(error: unknown, { signal }: CallOptions): boolean {
  return error instanceof TaskHubError || (signal?.aborted === true && error === signal.reason);
}
