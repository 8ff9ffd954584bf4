import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Sdk } from "./sdk.ts";

/** A running application of a peer: a worker, a client or a backend. */
export class PeerProcess implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  #errors = "";

  private constructor({ program: [file, ...first] }: Sdk, args: readonly string[]) {
    this.#child = spawn(file, [...first, ...args]);
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    this.#child.stderr.on("data", (text) => (this.#errors += String(text)));
    // One that has been killed does not read any more; what it answers shows that.
    this.#child.stdin.on("error", () => {});
  }

  /** Starts one, and waits until it is ready. */
  static async start(sdk: Sdk, ...args: readonly string[]): Promise<PeerProcess> {
    const peer = new PeerProcess(sdk, args);
    const line = await peer.line();
    if (line !== "ready") throw new Error(`the peer is not ready but says: ${line}`);
    return peer;
  }

  /** What it says next. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the peer has ended: ${this.#errors}`);
    return value;
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#end(() => this.#child.kill("SIGKILL"));
  }

  /** Lets it come to its end; one that takes more than five seconds is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await this.#end(() => this.#child.stdin.end());
    clearTimeout(timer);
  }

  async #end(how: () => void): Promise<void> {
    this.#reader.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    how();
    await exited;
  }
}
