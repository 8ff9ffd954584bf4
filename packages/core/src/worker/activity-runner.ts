import type { ActivityRequest, ActivityResponse, TaskFailureDetails } from "@durabletask/protobuf";
import type { ActivityContext, RegisteredActivity } from "../definition/activity.ts";
import { firstAttemptTag } from "../engine/task-call.ts";
import { createFailure } from "../failure.ts";
import type { TaskHubService } from "../task-hub-service.ts";
import type { Delivery } from "./delivery.ts";
import type { WorkerSettings } from "./options.ts";
import type { VersionedEntries } from "./registry.ts";

/** Runs activities, and delivers what comes of them. */
export class ActivityRunner {
  readonly #activities: VersionedEntries<RegisteredActivity>;
  readonly #hub: TaskHubService;
  readonly #settings: WorkerSettings;
  readonly #delivery: Delivery;
  readonly #stopping: AbortSignal;

  constructor(
    activities: VersionedEntries<RegisteredActivity>,
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
  ): Promise<Failed | { result: string | undefined } | "interrupted"> {
    const activity = this.#activities.find(request.name, request.version);
    if (activity === undefined) return notFound(request);
    try {
      return { result: await this.#call(activity, request, instanceId) };
    } catch (error) {
      // Stopped, not failed: it runs again on another worker.
      return this.#stopping.aborted ? "interrupted" : this.#failed(error);
    }
  }

  async #call(
    { run, input, output }: RegisteredActivity,
    request: ActivityRequest,
    instanceId: string,
  ): Promise<string | undefined> {
    const { converter, activityInputs } = this.#settings;
    const received = converter.deserialize(request.input);
    const raw = activityInputs === "dotnet" ? unwrap(received) : received;
    const context = this.#context(request, instanceId);
    // What arrives is of the type that the caller's types promised, or that the schema has checked.
    const result = await run(context, (input ? input.decode(raw) : raw) as never);
    return converter.serialize(output ? output.encode(result) : result);
  }

  #context(request: ActivityRequest, instanceId: string): ActivityContext {
    const { [firstAttemptTag]: first = String(request.taskId), ...tags } = request.tags;
    const executionId = request.orchestrationInstance?.executionId ?? "";
    return {
      name: request.name,
      instanceId,
      taskId: request.taskId,
      idempotencyKey: `${instanceId}:${executionId}:${first}`,
      version: request.version,
      tags: Object.assign(Object.create(null), tags),
      signal: this.#stopping,
      logger: this.#settings.logger,
    };
  }

  #failed(error: unknown): Failed {
    return { failureDetails: this.#settings.failureOf(error) };
  }
}

interface Failed {
  readonly failureDetails: TaskFailureDetails;
}

/** .NET sends the input of an activity as the only element of an array, and `[null]` for none. */
function unwrap(input: unknown): unknown {
  return Array.isArray(input) && input.length === 1 ? (input[0] ?? undefined) : input;
}

function notFound({ name, version }: ActivityRequest): Failed {
  const which = version ? ` in version '${version}'` : "";
  const message = `no activity named '${name}'${which} is registered with the worker that took the call`;
  return { failureDetails: createFailure("ActivityTaskNotFound", message, true) };
}
