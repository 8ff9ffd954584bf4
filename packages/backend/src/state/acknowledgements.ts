import type { CompleteTaskResponse } from "@durabletask/protobuf";

const completed: CompleteTaskResponse = { $typeName: "CompleteTaskResponse" };

/**
 * What workers are told once their results are on disk. All results of a batch share one promise: there are thousands a second,
 * and one for each, held until the commit, is what a busy process would spend most of its garbage collection on.
 */
export class Acknowledgements {
  #settled: Promise<void> | undefined;
  #completed: Promise<CompleteTaskResponse> | undefined;

  /** Resolves after `settled`, and rejects as it does. */
  after(settled: Promise<void>): Promise<CompleteTaskResponse> {
    if (this.#completed === undefined || settled !== this.#settled) {
      this.#settled = settled;
      this.#completed = settled.then(() => completed);
    }
    return this.#completed;
  }
}
