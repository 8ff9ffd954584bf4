import type {
  ActivityRequest,
  ActivityResponse,
  TaskFailureDetails,
  WorkItem,
} from "@durabletask/protobuf";
import type { ActivityContext, RegisteredActivity } from "../definition/activity.ts";
import { wrap } from "../engine/orchestration-middleware.ts";
import { firstAttemptTag } from "../engine/task-call.ts";
import { createFailure } from "../failure.ts";
import type { ActivityMiddleware, Middleware } from "../middleware.ts";
import type { CallOptions } from "../transport.ts";
import { createTaskLogger } from "./task-logger.ts";
import type { VersionedEntries } from "./versioned-entries.ts";
import type { WorkerServices, WorkItemHandler } from "./work-item-handler.ts";

/** Runs activities, and delivers what comes of them. */
export class ActivityRunner implements WorkItemHandler {
  readonly concurrency: number;
  readonly #services: WorkerServices;
  readonly #activities: VersionedEntries<RegisteredActivity>;
  readonly #layers: readonly ActivityMiddleware[];

  constructor(
    services: WorkerServices,
    activities: VersionedEntries<RegisteredActivity>,
    middleware: readonly Middleware[],
  ) {
    this.concurrency = services.settings.activities;
    this.#services = services;
    this.#activities = activities;
    this.#layers = middleware.flatMap(({ activity }) => activity ?? []);
  }

  run({ request, completionToken }: WorkItem, codeEnded: () => void): Promise<void> {
    if (request.case !== "activityRequest") return Promise.resolve();
    return this.#run(request.value, completionToken, codeEnded);
  }

  abandon(completionToken: string): Promise<unknown> {
    const { hub, delivery } = this.#services;
    return hub.abandonTaskActivityWorkItem({
      completionToken: delivery.carried.tokenOf(completionToken),
    });
  }

  async #run(
    request: ActivityRequest,
    completionToken: string,
    codeEnded: () => void,
  ): Promise<void> {
    const instanceId = request.orchestrationInstance?.instanceId ?? "";
    const fields = { instanceId, activity: request.name, taskId: request.taskId };
    const { hub, delivery, logger, watchdog } = this.#services;
    const leave = watchdog?.enter(`activity '${request.name}' of ${instanceId}`);
    logger.debug?.({ event: "activity.started", ...fields }, "an activity has begun");
    const outcome = await this.#outcome(request, instanceId);
    leave?.();
    codeEnded();
    this.#log(outcome, fields);
    const abandon = (): Promise<unknown> => this.abandon(completionToken);
    if (outcome === "interrupted") return delivery.abandon(abandon, fields);
    const response: ActivityResponse = {
      $typeName: "ActivityResponse",
      instanceId,
      taskId: request.taskId,
      completionToken,
      ...outcome,
    };
    const complete = (options: CallOptions): Promise<unknown> => {
      const token = delivery.carried.tokenOf(completionToken);
      const current =
        token === completionToken ? response : { ...response, completionToken: token };
      return hub.completeActivityTask(current, options);
    };
    await delivery.complete(complete, abandon, fields);
  }

  #log(outcome: ActivityOutcome, fields: Readonly<Record<string, unknown>>): void {
    const { logger } = this.#services;
    if (outcome === "interrupted") {
      logger.debug?.(
        { event: "activity.interrupted", ...fields },
        "an activity goes to another worker",
      );
    } else if ("result" in outcome) {
      logger.debug?.({ event: "activity.completed", ...fields }, "an activity has ended");
    } else {
      const { errorType, errorMessage } = outcome.failureDetails;
      logger.debug?.(
        { event: "activity.failed", ...fields, errorType, errorMessage },
        "an activity has failed",
      );
    }
  }

  async #outcome(request: ActivityRequest, instanceId: string): Promise<ActivityOutcome> {
    const activity = this.#activities.find(request.name, request.version);
    if (activity === undefined) return notFound(request);
    try {
      const result = await this.#call(activity, request, instanceId);
      const { converter } = this.#services;
      return {
        result: converter.serialize(activity.output ? activity.output.encode(result) : result),
      };
    } catch (error) {
      // Stopped, not failed: it runs again on another worker.
      return this.#services.stopping.aborted ? "interrupted" : this.#failed(error);
    }
  }

  #call({ run, input }: RegisteredActivity, request: ActivityRequest, instanceId: string): unknown {
    const { converter, settings } = this.#services;
    const received = converter.deserialize(request.input);
    const raw = settings.activityInputs === "dotnet" ? unwrap(received) : received;
    const decoded = input ? input.decode(raw) : raw;
    const context = this.#context(request, instanceId);
    // What arrives is of the type that the caller's types promised, or that the schema has checked.
    const call = (value: unknown): unknown => run(context, value as never);
    if (this.#layers.length === 0) return call(decoded);
    return wrap(this.#layers, context, async (value) => call(value))(decoded);
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
      signal: this.#services.stopping,
      logger: createTaskLogger(this.#services.logger, {
        event: "activity.log",
        instanceId,
        activity: request.name,
        taskId: request.taskId,
      }),
    };
  }

  #failed(error: unknown): Failed {
    return { failureDetails: this.#services.settings.failureOf(error) };
  }
}

/** What came of an activity; `interrupted` means that it is to run again elsewhere. */
type ActivityOutcome = Failed | { readonly result: string | undefined } | "interrupted";

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
