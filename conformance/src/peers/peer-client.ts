import { PeerProcess } from "./peer-process.ts";
import type { Sdk } from "./sdk.ts";

/** What a client in any language tells of an instance. */
export interface PeerState {
  readonly status: string;
  /** As it went over the wire. */
  readonly output: string | null;
  readonly customStatus: string | null;
  readonly failure: { readonly type: string; readonly message: string } | null;
}

/** How an instance is started by a client in any language. */
export interface PeerStart {
  readonly name: string;
  readonly input?: unknown;
  readonly id?: string;
  readonly version?: string;
  readonly delayMs?: number;
}

/** A client of another SDK, in a process of its own. */
export class PeerClient implements AsyncDisposable {
  readonly #process: PeerProcess;

  private constructor(process: PeerProcess) {
    this.#process = process;
  }

  static async start(sdk: Sdk, address: string): Promise<PeerClient> {
    return new PeerClient(await PeerProcess.start(sdk, "client", address));
  }

  schedule = (start: PeerStart): Promise<string> => this.#call("schedule", start);
  state = (id: string): Promise<PeerState | null> => this.#call("state", { id });
  wait = (id: string): Promise<PeerState> => this.#call("wait", { id });
  raise = (id: string, event: string, data: unknown): Promise<null> =>
    this.#call("raise", { id, event, data });
  suspend = (id: string): Promise<null> => this.#call("suspend", { id });
  resume = (id: string): Promise<null> => this.#call("resume", { id });
  terminate = (id: string, output: unknown): Promise<null> =>
    this.#call("terminate", { id, output });
  purge = (id: string): Promise<number> => this.#call("purge", { id });

  async #call<T>(op: string, options: object): Promise<T> {
    this.#process.say(JSON.stringify({ op, ...options }));
    // The applications of the peers answer with what the types above say.
    const answer = JSON.parse(await this.#process.line()) as { result: T; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
