/** Violations are rare; a worker that has more than these open has a bug in its code that the log is full of. */
const limit = 1000;

/**
 * Executions that moved while no turn of theirs ran (E4). They fail at their next turn, also where their session is gone by
 * then: without sessions, or after an eviction, the code that has moved is not the code that is replayed.
 */
export class Violations {
  readonly #open = new Map<
    string,
    { readonly executionId: string | undefined; readonly error: Error }
  >();

  put(instanceId: string, executionId: string | undefined, error: Error): void {
    this.#open.set(instanceId, { executionId, error });
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= limit) return;
      this.#open.delete(oldest);
    }
  }

  /** The violation of that very execution, once. One of an earlier execution is forgotten. */
  take(instanceId: string, executionId: string | undefined): Error | undefined {
    const open = this.#open.get(instanceId);
    if (open === undefined) return undefined;
    this.#open.delete(instanceId);
    return open.executionId === executionId ? open.error : undefined;
  }
}
