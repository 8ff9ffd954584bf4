import { Program } from "@durabletask/test-kit";
import type { Sdk } from "./sdk.ts";

/** A running application of a peer: a worker, a client or a backend. */
export class PeerProcess implements AsyncDisposable {
  readonly #program: Program;
  #linesRead = 0;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Starts one, and waits until it is ready. */
  static async start(
    { program: [command, ...first] }: Sdk,
    ...args: readonly string[]
  ): Promise<PeerProcess> {
    const peer = new PeerProcess(Program.start([...first, ...args], { command }));
    const line = await peer.line();
    if (line !== "ready") throw new Error(`the peer is not ready but says: ${line}`);
    return peer;
  }

  /** What it says next. */
  async line(): Promise<string> {
    const index = this.#linesRead;
    this.#linesRead += 1;
    // The last part is the line that has not ended yet.
    const { stdout } = await this.#program.until(
      ({ stdout }) => stdout.split("\n").length > index + 1,
    );
    return stdout.split("\n")[index] ?? "";
  }

  say(line: string): void {
    this.#program.input.write(`${line}\n`);
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#program.kill();
    await this.#program.ended;
  }

  /** Lets it come to its end; one that takes more than five seconds is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#program.kill(), 5000);
    this.#program.input.end();
    await this.#program.ended;
    clearTimeout(timer);
  }
}
