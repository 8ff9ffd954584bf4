import type { ActivityRequest, ActivityResponse, TaskFailureDetails } from "@durabletask/protobuf";
import type { ActivityContext, RegisteredActivity } from "../definition/activity.ts";
import type { TaskLogger } from "../engine/context.ts";
import { wrap } from "../engine/orchestration-middleware.ts";
import { firstAttemptTag } from "../engine/task-call.ts";
import { createFailure } from "../failure.ts";
import type { ActivityMiddleware, Middleware } from "../middleware.ts";
import { taskLoggers } from "../task-logger.ts";
import type { Completion } from "./delivery.ts";
import { FirstTry } from "./first-try.ts";
import { tooLargeResult } from "./too-large.ts";
import type { VersionedEntries } from "./versioned-entries.ts";
import type { RunningItem, WorkerServices, WorkItemHandler } from "./work-item-handler.ts";

/** Runs activities, and delivers what comes of them. */
export class ActivityRunner implements WorkItemHandler {
  readonly concurrency: number;
  readonly #services: WorkerServices;
  readonly #activities: VersionedEntries<RegisteredActivity>;
  readonly #layers: readonly ActivityMiddleware[];
  readonly #loggerOf: (request: ActivityRequest) => TaskLogger;

  constructor(
    services: WorkerServices,
    activities: VersionedEntries<RegisteredActivity>,
    middleware: readonly Middleware[],
  ) {
    this.concurrency = services.settings.activities;
    this.#services = services;
    this.#activities = activities;
    this.#layers = middleware.flatMap(({ activity }) => activity ?? []);
    this.#loggerOf = taskLoggers(services.logger, linesOf);
  }

  /** No promise where the code gives none: this is where a busy worker spends its time. */
  run(running: RunningItem): Promise<void> | undefined {
    const { request: item } = running.item;
    if (item.case !== "activityRequest") {
      running.ended();
      return undefined;
    }
    const request = item.value;
    const { logger, watchdog } = this.#services;
    const leave = watchdog?.enter(`activity '${request.name}' of ${instanceOf(request)}`);
    logger.debug?.({ event: "activity.started", ...fieldsOf(request) }, "an activity has begun");
    const call: StartedCall = { running, request, leave };
    let outcome: ActivityOutcome;
    try {
      const activity = this.#activities.find(request.name, request.version);
      if (activity === undefined) return this.#ended(call, notFound(request));
      const result = this.#call(activity, request);
      if (isThenable(result)) return this.#runLong(call, activity, result);
      outcome = this.#returned(activity, result);
    } catch (error) {
      outcome = this.#threw(error);
    }
    return this.#ended(call, outcome);
  }

  /** Its code moves by promises. */
  async #runLong(
    call: StartedCall,
    activity: RegisteredActivity,
    result: PromiseLike<unknown>,
  ): Promise<void> {
    let outcome: ActivityOutcome;
    try {
      outcome = this.#returned(activity, await result);
    } catch (error) {
      outcome = this.#threw(error);
    }
    await this.#ended(call, outcome);
  }

  #ended(call: StartedCall, outcome: ActivityOutcome): Promise<void> | undefined {
    call.leave?.();
    this.#log(outcome, call.request);
    const delivery = this.#conclude(call, outcome);
    // Not before its result is on its way: what waits for the slot may run right here, and more after it.
    call.running.codeEnded();
    return delivery;
  }

  #conclude(call: StartedCall, outcome: ActivityOutcome): Promise<void> | undefined {
    const { running, request } = call;
    if (outcome === "interrupted") return this.#handBack(running, request);
    const { delivery } = this.#services;
    const token = delivery.carried.tokenOf(running.item.completionToken);
    const response = responseOf(request, token, outcome);
    delivery.answers.expect(new FirstTry(this, call, response));
    return undefined;
  }

  /** The first try. */
  send(response: ActivityResponse): Promise<unknown> {
    const { hub, delivery } = this.#services;
    return hub.completeActivityTask(response, delivery.call);
  }

  /** Not acknowledged. What was carried over a lost stream is delivered under the newest token. Never rejects. */
  async retry(
    error: unknown,
    { running, request }: StartedCall,
    response: ActivityResponse,
  ): Promise<void> {
    const { hub, delivery } = this.#services;
    const token = running.item.completionToken;
    const completion = (what: ActivityResponse): Completion => ({
      send: (options) =>
        hub.completeActivityTask(
          { ...what, completionToken: delivery.carried.tokenOf(token) },
          options,
        ),
      abandon: () => this.abandon(token),
      fields: fieldsOf(request),
    });
    const bytes = this.#largeBytesOf(response);
    const refused = (refusal: unknown): Promise<unknown> =>
      delivery.complete(completion(tooLargeResult(response, bytes ?? 0, refusal)));
    await delivery.retry(error, {
      ...completion(response),
      ...(bytes !== undefined && { refused }),
    });
    running.ended();
  }

  async #handBack(running: RunningItem, request: ActivityRequest): Promise<void> {
    const { completionToken } = running.item;
    await this.#services.delivery.abandon(() => this.abandon(completionToken), fieldsOf(request));
    running.ended();
  }

  /** The size of a result that the hub may have refused for it. */
  #largeBytesOf({ result = "" }: ActivityResponse): number | undefined {
    const bytes = Buffer.byteLength(result);
    return bytes > this.#services.settings.maximumCompletionBytes ? bytes : undefined;
  }

  abandon(completionToken: string): Promise<unknown> {
    const { hub, delivery } = this.#services;
    return hub.abandonTaskActivityWorkItem({
      completionToken: delivery.carried.tokenOf(completionToken),
    });
  }

  #log(outcome: ActivityOutcome, request: ActivityRequest): void {
    const { logger } = this.#services;
    if (logger.debug === undefined) return;
    const fields = fieldsOf(request);
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

  #returned({ output }: RegisteredActivity, result: unknown): ActivityOutcome {
    const { converter } = this.#services;
    return { result: converter.serialize(output ? output.encode(result) : result) };
  }

  /** Stopped, not failed: then it runs again on another worker. */
  #threw(error: unknown): ActivityOutcome {
    if (this.#services.stopping.aborted) return "interrupted";
    return { failureDetails: this.#services.settings.failureOf(error) };
  }

  #call({ run, input }: RegisteredActivity, request: ActivityRequest): unknown {
    const { converter, settings } = this.#services;
    const received = converter.deserialize(request.input);
    const raw = settings.activityInputs === "dotnet" ? unwrap(received) : received;
    const decoded = input ? input.decode(raw) : raw;
    const context = new CallContext(request, this.#loggerOf(request), this.#services.stopping);
    // What arrives is of the type that the caller's types promised, or that the schema has checked.
    if (this.#layers.length === 0) return run(context, decoded as never);
    return wrap(this.#layers, context, async (value) => run(context, value as never))(decoded);
  }
}

/** An activity that the worker has begun. */
interface StartedCall {
  readonly running: RunningItem;
  readonly request: ActivityRequest;
  /** Tells the watchdog that its code has ended. */
  readonly leave: (() => void) | undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject && "then" in value && typeof value.then === "function";
}

/** What an activity sees of its call. Nothing is a getter: copies would lose it. */
class CallContext implements ActivityContext {
  readonly name: string;
  readonly instanceId: string;
  readonly taskId: number;
  readonly idempotencyKey: string;
  readonly version: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly logger: TaskLogger;

  constructor(request: ActivityRequest, logger: TaskLogger, signal: AbortSignal) {
    this.name = request.name;
    this.instanceId = instanceOf(request);
    this.taskId = request.taskId;
    this.idempotencyKey = idempotencyKeyOf(request);
    this.version = request.version;
    this.tags = tagsOf(request);
    this.signal = signal;
    this.logger = logger;
  }
}

/** What came of an activity; `interrupted` means that it is to run again elsewhere. */
type ActivityOutcome = Failed | { readonly result: string | undefined } | "interrupted";

interface Failed {
  readonly failureDetails: TaskFailureDetails;
}

function responseOf(
  request: ActivityRequest,
  completionToken: string,
  outcome: Failed | { readonly result: string | undefined },
): ActivityResponse {
  return {
    $typeName: "ActivityResponse",
    instanceId: instanceOf(request),
    taskId: request.taskId,
    completionToken,
    ...outcome,
  };
}

/** What is in each line that an activity writes. */
function linesOf(request: ActivityRequest) {
  return { event: "activity.log", ...fieldsOf(request) };
}

/** What the log says of an activity. */
function fieldsOf(request: ActivityRequest) {
  return { instanceId: instanceOf(request), activity: request.name, taskId: request.taskId };
}

function instanceOf({ orchestrationInstance }: ActivityRequest): string {
  return orchestrationInstance?.instanceId ?? "";
}

const noTags: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

/** Tag names come from outside: no prototype for them to meet (E8). The reserved one is not the user's. */
function tagsOf({ tags: received }: ActivityRequest): Readonly<Record<string, string>> {
  // oxlint-disable-next-line guard-for-in -- whether there is anything at all
  for (const _ in received) {
    const { [firstAttemptTag]: _first, ...tags } = received;
    return Object.assign(Object.create(null), tags);
  }
  return noTags;
}

/** The same for all attempts of one call, and for no other call. */
function idempotencyKeyOf(request: ActivityRequest): string {
  const executionId = request.orchestrationInstance?.executionId ?? "";
  const first = request.tags[firstAttemptTag] ?? String(request.taskId);
  return `${instanceOf(request)}:${executionId}:${first}`;
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
