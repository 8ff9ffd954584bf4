/** As many as a worker may keep sessions of by default, several times over. */
const limit = 4096;

/** Executions of which something was said once; the oldest are forgotten. */
export class RecentExecutions {
  readonly #limit: number;
  readonly #keys = new Set<string>();

  constructor(count: number = limit) {
    this.#limit = count;
  }

  /** Adds an execution. False if it is among them already. */
  add(instanceId: string, executionId: string | undefined): boolean {
    const key = JSON.stringify([instanceId, executionId]);
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    for (const oldest of this.#keys) {
      if (this.#keys.size <= this.#limit) break;
      this.#keys.delete(oldest);
    }
    return true;
  }
}
