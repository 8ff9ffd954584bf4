import { create } from "@bufbuild/protobuf";
import { createInProcessTransport } from "@durabletask/backend";
import type { Registrable } from "@durabletask/core";
import { TaskHubWorker } from "@durabletask/core";
import type {
  HistoryEvent,
  OrchestratorAction,
  OrchestratorResponse,
  WorkItem,
} from "@durabletask/protobuf";
import {
  AbandonOrchestrationTaskResponseSchema,
  CompleteTaskResponseSchema,
  WorkItemSchema,
} from "@durabletask/protobuf";
import { expect } from "vitest";
import { unitMs } from "./program-interpreter.ts";

/** A worker without a hub: it is handed histories, and what it answers is looked at. It keeps no sessions. */
export class HistoryReplayer {
  readonly warnings: unknown[] = [];
  readonly #worker: TaskHubWorker;
  readonly #items: WorkItem[] = [];
  readonly #answers = new Map<string, (response: OrchestratorResponse | undefined) => void>();
  #wake: (() => void) | undefined;
  #tokens = 0;

  constructor(definitions: readonly Registrable[]) {
    const transport = createInProcessTransport({
      hello: async (request) => request,
      getWorkItems: (_request, { signal }) => ({ next: () => this.#next(signal) }),
      completeOrchestratorTask: async (response) => {
        this.#answer(response.completionToken, response);
        return create(CompleteTaskResponseSchema);
      },
      abandonTaskOrchestratorWorkItem: async ({ completionToken }) => {
        this.#answer(completionToken, undefined);
        return create(AbandonOrchestrationTaskResponseSchema);
      },
    });
    const keep = (fields: unknown): number => this.warnings.push(fields);
    this.#worker = new TaskHubWorker(transport, {
      sessions: false,
      maximumTimerInterval: { milliseconds: 2 * unitMs },
      logger: { warn: keep, error: keep },
    }).register(...definitions);
  }

  async start(): Promise<void> {
    await this.#worker.start();
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
  }

  /** What the code makes of a history whose last events are new. */
  async replay(
    past: readonly HistoryEvent[],
    fresh: readonly HistoryEvent[],
  ): Promise<OrchestratorResponse | undefined> {
    const started = [...past, ...fresh].find(
      ({ eventType }) => eventType.case === "executionStarted",
    );
    if (started?.eventType.case !== "executionStarted") return undefined;
    const { instanceId = "", executionId } = started.eventType.value.orchestrationInstance ?? {};
    const completionToken = String(++this.#tokens);
    const request = { instanceId, executionId, pastEvents: [...past], newEvents: [...fresh] };
    const item = create(WorkItemSchema, {
      completionToken,
      request: { case: "orchestratorRequest", value: request },
    });
    return await new Promise((resolve) => {
      this.#answers.set(completionToken, resolve);
      this.#items.push(item);
      this.#wake?.();
    });
  }

  #answer(token: string, response: OrchestratorResponse | undefined): void {
    this.#answers.get(token)?.(response);
    this.#answers.delete(token);
  }

  async #next(signal: AbortSignal | undefined): Promise<IteratorResult<WorkItem, undefined>> {
    while (this.#items.length === 0 && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    const value = this.#items.shift();
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }
}

/**
 * Cuts a history after an event and replays what is left of it: the code must ask for exactly what the history goes on to
 * record. `past` says how many of the events count as seen by earlier turns.
 */
export async function expectCutReplays(
  replayer: HistoryReplayer,
  history: readonly HistoryEvent[],
  cut: number,
  past: number,
): Promise<void> {
  const response = await replayer.replay(history.slice(0, past), history.slice(past, cut));
  if (response === undefined) {
    expect(
      history.slice(0, cut).some(({ eventType }) => eventType.case === "executionStarted"),
    ).toBe(false);
    return;
  }
  const asked = response.actions.filter(
    ({ orchestratorActionType: { case: kind } }) => kind !== "completeOrchestration",
  );
  const rest = history.slice(cut);
  const nextTurn = rest.findIndex(({ eventType }) => eventType.case === "orchestratorStarted");
  const thisTurn = rest.slice(0, nextTurn === -1 ? rest.length : nextTurn);
  const where = `cut after ${cut} of ${history.length} events, ${past} of them past`;
  if (thisTurn.every((event) => isRecord(event) || isEnd(event))) {
    // The turn had seen all of its events.
    expect(asked.map(wordsOfAction), where).toEqual(thisTurn.filter(isRecord).map(wordsOfRecord));
    if (nextTurn === -1) expectSameEnd(response, history.at(-1), where);
    return;
  }
  const records = new Map(
    rest.filter(isRecord).map((event) => [event.eventId, wordsOfRecord(event)]),
  );
  const lastId = Math.max(0, ...asked.map(({ id }) => id));
  for (const action of asked) {
    // A timer that the turn cancelled later on was never sent.
    if (!records.has(action.id) && action.orchestratorActionType.case === "createTimer") continue;
    expect(wordsOfAction(action), where).toBe(records.get(action.id));
  }
  const ids = new Set(asked.map(({ id }) => id));
  expect(
    [...records.keys()].filter((id) => id <= lastId && !ids.has(id)),
    where,
  ).toEqual([]);
  if (asked.length < response.actions.length) expectSameEnd(response, history.at(-1), where);
}

function isRecord({ eventType }: HistoryEvent): boolean {
  switch (eventType.case) {
    case "taskScheduled":
    case "timerCreated":
    case "subOrchestrationInstanceCreated":
    case "eventSent":
      return true;
    default:
      return false;
  }
}

function isEnd({ eventType }: HistoryEvent): boolean {
  return eventType.case === "executionCompleted";
}

function expectSameEnd(
  { actions }: OrchestratorResponse,
  event: HistoryEvent | undefined,
  where: string,
): void {
  const { orchestratorActionType: action } = actions.at(-1) ?? {};
  const ended = action?.case === "completeOrchestration" ? action.value : undefined;
  const recorded =
    event?.eventType.case === "executionCompleted" ? event.eventType.value : undefined;
  expect(endOf(ended), where).toEqual(endOf(recorded));
}

interface Completion {
  readonly orchestrationStatus: number;
  readonly result?: string | undefined;
  readonly failureDetails?:
    | { readonly errorType: string; readonly errorMessage: string }
    | undefined;
}

function endOf(completion: Completion | undefined): unknown {
  if (completion === undefined) return "open";
  const { orchestrationStatus: status, result, failureDetails } = completion;
  return { status, result, type: failureDetails?.errorType, message: failureDetails?.errorMessage };
}

function wordsOfAction({
  id,
  orchestratorActionType: { case: kind, value },
}: OrchestratorAction): string {
  switch (kind) {
    case "scheduleTask":
      return `#${id} activity ${value.name} ${value.input} ${JSON.stringify(value.tags)}`;
    case "createTimer":
      return `#${id} timer ${String(value.fireAt?.seconds)}`;
    case "createSubOrchestration":
      return `#${id} child ${value.name} ${value.instanceId} ${value.input}`;
    case "sendEvent":
      return `#${id} send ${value.name} to ${value.instance?.instanceId} ${value.data}`;
    default:
      return `#${id} ${kind}`;
  }
}

function wordsOfRecord({ eventId, eventType: { case: kind, value } }: HistoryEvent): string {
  switch (kind) {
    case "taskScheduled":
      return `#${eventId} activity ${value.name} ${value.input} ${JSON.stringify(value.tags)}`;
    case "timerCreated":
      return `#${eventId} timer ${String(value.fireAt?.seconds)}`;
    case "subOrchestrationInstanceCreated":
      return `#${eventId} child ${value.name} ${value.instanceId} ${value.input}`;
    case "eventSent":
      return `#${eventId} send ${value.name} to ${value.instanceId} ${value.input}`;
    default:
      return `#${eventId} ${kind}`;
  }
}
