import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Transport } from "@durabletask/core";
import { createTaskHubService, type TaskHubService } from "@durabletask/core/spi";
import type {
  ActivityRequest,
  ActivityResponseSchema,
  GetWorkItemsRequestSchema,
  OrchestratorAction,
  OrchestratorRequest,
  OrchestratorResponseSchema,
  WorkItem,
} from "@durabletask/protobuf";
import { settle } from "./settle.ts";

export interface Turn {
  readonly token: string;
  readonly request: OrchestratorRequest;
}

export interface ActivityCall {
  readonly token: string;
  readonly request: ActivityRequest;
}

export interface ScriptedWorkerOptions {
  readonly request?: MessageInitShape<typeof GetWorkItemsRequestSchema>;
  readonly hasSessions?: boolean;
  readonly signal?: AbortSignal;
}

/** A worker that does only what the test says: pulls an item, looks at it, answers it. */
export class ScriptedWorker {
  readonly #service: TaskHubService;
  readonly #stream: AsyncIterator<WorkItem, undefined>;
  /** Items that came while the test asked for the other kind. */
  readonly #aside: WorkItem[] = [];
  #pending: Promise<IteratorResult<WorkItem, undefined>> | undefined;

  constructor(
    hub: Transport,
    { request = {}, hasSessions = false, signal }: ScriptedWorkerOptions = {},
  ) {
    this.#service = createTaskHubService(hub);
    const headers = hasSessions ? { "durabletask-extended-sessions": "1" } : {};
    this.#stream = this.#service.getWorkItems(request, { headers, signal })[Symbol.asyncIterator]();
  }

  /** The next item, of whatever kind. */
  async next(): Promise<WorkItem> {
    const aside = this.#aside.shift();
    if (aside) return aside;
    const { done, value } = await this.pull();
    if (done) throw new Error("the stream has ended");
    return value;
  }

  /** What the stream's `next()` answers. Asking twice before the answer is asking once. */
  async pull(): Promise<IteratorResult<WorkItem, undefined>> {
    this.#pending ??= this.#stream.next();
    try {
      return await this.#pending;
    } finally {
      this.#pending = undefined;
    }
  }

  /** Asks for the next item without waiting for it. */
  ask(): void {
    this.#pending ??= this.#stream.next();
    this.#pending.catch(() => undefined);
  }

  /** The next turn. Activities that come first are kept for later. */
  async turn(): Promise<Turn> {
    const { request, completionToken } = await this.#nextOf("orchestratorRequest");
    if (request.case !== "orchestratorRequest") throw new Error("unreachable");
    return { token: completionToken, request: request.value };
  }

  /** The next activity. Turns that come first are kept for later. */
  async activity(): Promise<ActivityCall> {
    const { request, completionToken } = await this.#nextOf("activityRequest");
    if (request.case !== "activityRequest") throw new Error("unreachable");
    return { token: completionToken, request: request.value };
  }

  async #nextOf(kind: WorkItem["request"]["case"]): Promise<WorkItem> {
    const index = this.#aside.findIndex(({ request }) => request.case === kind);
    const [known] = index < 0 ? [] : this.#aside.splice(index, 1);
    if (known) return known;
    for (;;) {
      const { done, value } = await this.pull();
      if (done) throw new Error("the stream has ended");
      if (value.request.case === kind) return value;
      this.#aside.push(value);
    }
  }

  /** Whether nothing comes, however long one waits without touching the clock. */
  async isIdle(): Promise<boolean> {
    if (this.#aside.length > 0) return false;
    this.ask();
    const idle = settle().then(() => true);
    const came = this.#pending?.then(() => false) ?? false;
    return await Promise.race([came, idle]);
  }

  /** Answers a turn. Resolves when the hub has acknowledged it. */
  async answer(
    turn: Turn,
    actions: readonly OrchestratorAction[],
    more: MessageInitShape<typeof OrchestratorResponseSchema> = {},
  ): Promise<void> {
    await this.#service.completeOrchestratorTask({
      instanceId: turn.request.instanceId,
      completionToken: turn.token,
      actions: [...actions],
      ...more,
    });
  }

  /** Answers an activity. */
  async finish(
    call: ActivityCall,
    result?: string,
    more: MessageInitShape<typeof ActivityResponseSchema> = {},
  ): Promise<void> {
    await this.#service.completeActivityTask({
      instanceId: call.request.orchestrationInstance?.instanceId ?? "",
      taskId: call.request.taskId,
      completionToken: call.token,
      result,
      ...more,
    });
  }

  /** Pulls the next turn and answers it. */
  async run(...actions: readonly OrchestratorAction[]): Promise<Turn> {
    const turn = await this.turn();
    await this.answer(turn, actions);
    return turn;
  }

  /** Pulls the next activity and answers it. */
  async work(result?: string): Promise<ActivityCall> {
    const call = await this.activity();
    await this.finish(call, result);
    return call;
  }

  async abandon(item: Turn | ActivityCall): Promise<void> {
    const completionToken = item.token;
    if (item.request.$typeName === "ActivityRequest") {
      await this.#service.abandonTaskActivityWorkItem({ completionToken });
    } else {
      await this.#service.abandonTaskOrchestratorWorkItem({ completionToken });
    }
  }

  async close(): Promise<void> {
    await this.#stream.return?.();
  }
}

/** Names of events, in order: what a test compares. */
export function eventNames(
  events: readonly { readonly eventType: { readonly case: string | undefined } }[],
): string[] {
  return events.map(({ eventType }) => eventType.case ?? "none");
}
