import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a process of a measurement answers: numbers by name, or an address. */
export type Answer = Readonly<Record<string, number | string>>;

/** A process that takes part in a measurement: a server, a worker, a client. */
export class WireProcess {
  readonly #child: ChildProcess;

  /** Starts a program of this folder; it is told what it needs as its first argument. */
  constructor(program: string, options: object) {
    const file = fileURLToPath(new URL(program, import.meta.url));
    this.#child = fork(file, [JSON.stringify(options)]);
  }

  /** Asks for something and waits for the answer. */
  async ask(question: string): Promise<Answer> {
    this.#child.send(question);
    return await this.answer();
  }

  /** What the process says next. Rejects if it ends instead. */
  async answer(): Promise<Answer> {
    const heard = new AbortController();
    const ended = once(this.#child, "exit", heard).then(([code]) => {
      throw new Error(`${this.#child.spawnargs[1]} ended with code ${String(code)}`);
    });
    try {
      const answer = once(this.#child, "message", heard);
      return ((await Promise.race([answer, ended])) as [Answer])[0];
    } finally {
      ended.catch(() => {});
      heard.abort();
    }
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

/** In the process: says that it is ready, and answers what it is asked. */
export function answerQuestions(
  ready: Answer,
  answers: Readonly<Record<string, () => Promise<Answer>>> = {},
): void {
  process.on("message", (question) => {
    if (question === "cpu") return void process.send?.(cpu());
    const answer = answers[String(question)];
    if (answer === undefined) throw new Error(`nothing is known of ${String(question)}`);
    // oxlint-disable-next-line promise/prefer-await-to-then -- a listener cannot wait
    return void answer().then((value) => process.send?.(value));
  });
  // The parent is gone, and with it the measurement.
  process.once("disconnect", () => process.exit());
  process.send?.(ready);
}

function cpu(): Answer {
  const { user, system } = process.cpuUsage();
  return { micros: user + system };
}
