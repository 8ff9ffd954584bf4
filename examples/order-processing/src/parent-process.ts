import type { Report } from "./report.ts";

const intervalMs = 100;

/** The process that started this one, if any: it is told how far things are, and nothing goes on without it. */
export class ParentProcess {
  readonly #report: () => Partial<Report>;
  #timer: NodeJS.Timeout | undefined;
  // Nobody is left who could watch.
  readonly #leave = (): never => process.exit(1);

  constructor(report: () => Partial<Report>) {
    this.#report = report;
    process.once("disconnect", this.#leave);
  }

  /** Tells it now, and then ten times a second. */
  async keepTold(): Promise<void> {
    await this.#tell();
    this.#timer = setInterval(() => void this.#tell(), intervalMs);
  }

  /** Tells it a last time, and lets go of it. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tell();
    process.off("disconnect", this.#leave).disconnect?.();
  }

  #tell(): Promise<void> {
    const message = this.#report();
    return new Promise((resolve) => {
      if (process.send === undefined) resolve();
      else process.send(message, () => resolve());
    });
  }
}
