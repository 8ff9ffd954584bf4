import { create } from "@bufbuild/protobuf";
import { createInProcessTransport } from "@durabletask/backend";
import type { Transport } from "@durabletask/core";
import type { OrchestratorRequest, OrchestratorResponse, WorkItem } from "@durabletask/protobuf";
import { CompleteTaskResponseSchema } from "@durabletask/protobuf";

/** In the place of a hub: hands turns to a worker, one at a time, and gives back what the worker makes of them. */
export class TurnSource {
  readonly transport: Transport;
  #item: WorkItem | undefined;
  #ask: (() => void) | undefined;
  #answer: ((response: OrchestratorResponse) => void) | undefined;
  #tokens = 0;

  constructor() {
    this.transport = createInProcessTransport({
      hello: async (request) => request,
      getWorkItems: (_request, { signal }) => ({ next: () => this.#next(signal) }),
      completeOrchestratorTask: async (response) => {
        this.#answer?.(response);
        return create(CompleteTaskResponseSchema);
      },
    });
  }

  /** Completion token of the turn that was run last. */
  get lastToken(): string {
    return String(this.#tokens);
  }

  run(request: OrchestratorRequest): Promise<OrchestratorResponse> {
    this.#tokens += 1;
    this.#item = {
      $typeName: "WorkItem",
      completionToken: this.lastToken,
      request: { case: "orchestratorRequest", value: request },
    };
    const { promise, resolve } = Promise.withResolvers<OrchestratorResponse>();
    this.#answer = resolve;
    this.#ask?.();
    return promise;
  }

  async #next(signal: AbortSignal | undefined): Promise<IteratorResult<WorkItem, undefined>> {
    while (this.#item === undefined) {
      if (signal?.aborted === true) return { done: true, value: undefined };
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#ask = resolve;
      const stop = (): void => resolve();
      signal?.addEventListener("abort", stop);
      await promise;
      signal?.removeEventListener("abort", stop);
    }
    const value = this.#item;
    this.#item = undefined;
    return { done: false, value };
  }
}

/** The output of a turn that completed its instance. */
export function outputOf({ actions }: OrchestratorResponse): string | undefined {
  const { orchestratorActionType: last } = actions.at(-1) ?? {};
  return last?.case === "completeOrchestration" ? last.value.result : undefined;
}
