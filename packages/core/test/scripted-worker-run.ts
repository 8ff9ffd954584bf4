import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ActivityResponse,
  type HistoryEvent,
  HistoryEventSchema,
  type OrchestratorRequestSchema,
  type OrchestratorResponse,
  type WorkItem,
  WorkItemSchema,
} from "@durabletask/protobuf";
import { onTestFinished } from "vitest";
import type { Registrable } from "../src/definition/registrable.ts";
import { VirtualClock } from "../src/virtual-clock.ts";
import type { TaskHubWorkerOptions } from "../src/worker/options.ts";
import { TaskHubWorker } from "../src/worker/worker.ts";
import { ScriptedHub, settle } from "./scripted-hub.ts";

/** A worker of a scripted hub, on a virtual clock. What it logs as a warning is kept. */
export class ScriptedWorkerRun {
  readonly hub: ScriptedHub = new ScriptedHub();
  readonly clock: VirtualClock = new VirtualClock();
  readonly warnings: Readonly<Record<string, unknown>>[] = [];
  readonly worker: TaskHubWorker;

  constructor(definitions: readonly Registrable[], options: TaskHubWorkerOptions = {}) {
    const keep = (fields: Readonly<Record<string, unknown>>): number => this.warnings.push(fields);
    this.worker = new TaskHubWorker(this.hub, {
      clock: this.clock,
      random: () => 0.5,
      logger: { warn: keep, error: keep },
      shutdownTimeout: { seconds: 1 },
      ...options,
    }).register(...definitions);
    onTestFinished(() => this.stop());
  }

  /** Stops the worker; time passes as far as that takes. */
  async stop(): Promise<void> {
    const stopped = this.worker.stop();
    await this.pass(10_000);
    await stopped;
  }

  /** Lets time pass, and everything happen that happens meanwhile. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    for (await settle(); (this.clock.next ?? Infinity) <= end; await settle()) {
      this.clock.advanceToNext();
    }
    this.clock.advance(end - this.clock.now());
    await settle();
  }

  /** Sends items on the open stream, and lets everything happen that happens without time. */
  async send(...items: readonly WorkItem[]): Promise<void> {
    this.hub.workStream.push(...items);
    await settle();
  }

  get activityResponses(): readonly ActivityResponse[] {
    return this.hub.requests("completeActivityTask") as readonly ActivityResponse[];
  }

  get turnResponses(): readonly OrchestratorResponse[] {
    return this.hub.requests("completeOrchestratorTask") as readonly OrchestratorResponse[];
  }

  /** The stable names of what was logged as a warning. */
  get warned(): readonly unknown[] {
    return this.warnings.map(({ event }) => event);
  }
}

interface ActivityCall {
  readonly token?: string;
  /** Empty where the hub names none. */
  readonly executionId?: string;
  readonly taskId?: number;
  readonly input?: string;
}

/** An activity, as a hub sends it. */
export function activityItem(
  name: string,
  { token = "t1", executionId = "e", taskId = 1, input = "" }: ActivityCall = {},
): WorkItem {
  const orchestrationInstance = { instanceId: "i", executionId: executionId || undefined };
  return create(WorkItemSchema, {
    completionToken: token,
    request: { case: "activityRequest", value: { name, taskId, input, orchestrationInstance } },
  });
}

/** A turn, as a hub sends it. */
export function turnItem(
  token: string,
  request: MessageInitShape<typeof OrchestratorRequestSchema>,
): WorkItem {
  return create(WorkItemSchema, {
    completionToken: token,
    request: {
      case: "orchestratorRequest",
      value: { instanceId: "i", executionId: "e", ...request },
    },
  });
}

/** An event of a history. */
export function event(
  eventType: NonNullable<
    Exclude<MessageInitShape<typeof HistoryEventSchema>, HistoryEvent>["eventType"]
  >,
  eventId = -1,
): HistoryEvent {
  const timestamp = timestampFromMs(1_700_000_000_000);
  return create(HistoryEventSchema, { eventId, timestamp, eventType });
}

/** What the first turn of an orchestration brings. */
export function started(name: string, input?: string): HistoryEvent[] {
  const orchestrationInstance = { instanceId: "i", executionId: "e" };
  return [
    event({ case: "orchestratorStarted", value: {} }),
    event({ case: "executionStarted", value: { name, input, orchestrationInstance } }),
  ];
}
