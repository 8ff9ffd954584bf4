import type { ActivityRequest, ActivityResponse } from "@durabletask/protobuf";
import type { ActivityContext, AnyActivityFunction } from "../definition/activity.ts";
import { createFailure, failureOf } from "../failure.ts";
import type { TaskHubService } from "../task-hub-service.ts";
import type { Delivery } from "./delivery.ts";
import type { WorkerSettings } from "./options.ts";

/** Runs activities, and delivers what comes of them. */
export class ActivityRunner {
  readonly #activities: ReadonlyMap<string, AnyActivityFunction>;
  readonly #hub: TaskHubService;
  readonly #settings: WorkerSettings;
  readonly #delivery: Delivery;
  readonly #stopping: AbortSignal;

  constructor(
    activities: ReadonlyMap<string, AnyActivityFunction>,
    hub: TaskHubService,
    settings: WorkerSettings,
    delivery: Delivery,
    stopping: AbortSignal,
  ) {
    this.#activities = activities;
    this.#hub = hub;
    this.#settings = settings;
    this.#delivery = delivery;
    this.#stopping = stopping;
  }

  /** Calls `codeEnded` when the activity itself is over; what follows is delivery. Never rejects. */
  async run(
    request: ActivityRequest,
    completionToken: string,
    codeEnded: () => void,
  ): Promise<void> {
    const instanceId = request.orchestrationInstance?.instanceId ?? "";
    const fields = { instanceId, activity: request.name, taskId: request.taskId };
    const outcome = await this.#outcome(request, instanceId);
    codeEnded();
    const abandon = (): Promise<unknown> =>
      this.#hub.abandonTaskActivityWorkItem({ completionToken });
    if (outcome === "interrupted") return this.#delivery.abandon(abandon, fields);
    const response: ActivityResponse = {
      $typeName: "ActivityResponse",
      instanceId,
      taskId: request.taskId,
      completionToken,
      ...outcome,
    };
    await this.#delivery.complete(() => this.#hub.completeActivityTask(response), abandon, fields);
  }

  async #outcome(
    request: ActivityRequest,
    instanceId: string,
  ): Promise<ReturnType<typeof failed> | { result: string | undefined } | "interrupted"> {
    const activity = this.#activities.get(request.name);
    if (activity === undefined) return notFound(request.name);
    const { converter, logger } = this.#settings;
    const context: ActivityContext = {
      name: request.name,
      instanceId,
      taskId: request.taskId,
      version: request.version,
      tags: Object.assign(Object.create(null), request.tags),
      signal: this.#stopping,
      logger,
    };
    try {
      // What arrives is of the type that the caller's types promised.
      const input = converter.deserialize(request.input) as never;
      return { result: converter.serialize(await activity(context, input)) };
    } catch (error) {
      // Stopped, not failed: it runs again on another worker.
      return this.#stopping.aborted ? "interrupted" : failed(error);
    }
  }
}

function failed(error: unknown): { failureDetails: ReturnType<typeof failureOf> } {
  return { failureDetails: failureOf(error) };
}

function notFound(name: string): ReturnType<typeof failed> {
  const message = `no activity named '${name}' is registered with the worker that took the call`;
  return { failureDetails: createFailure("ActivityTaskNotFound", message, true) };
}
