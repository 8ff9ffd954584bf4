export { TaskHubClient } from "./client/client.ts";
export type {
  GetOptions,
  PurgeOptions,
  PurgeResult,
  ReasonOptions,
  RestartOptions,
  SignalOptions,
  TaskHubClientOptions,
  TerminateOptions,
  WaitForOptions,
} from "./client/options.ts";
export type {
  Explanation,
  OpenActivity,
  OpenChild,
  OpenLock,
  OpenTimer,
  WorkerDirectory,
} from "./client/explanation.ts";
export type { HistoryEvent } from "./client/history.ts";
export type { InstanceId } from "./instance-id.ts";
export { OrchestrationFailedError, OrchestrationState } from "./client/orchestration-state.ts";
export type { InstanceIdList, InstanceIdPage, InstanceIdQuery } from "./client/instance-ids.ts";
export type { PagedList } from "./client/paged-list.ts";
export type { PurgeFilter, PurgeManyOptions, PurgeManyResult } from "./client/purge.ts";
export type { OrchestrationList, OrchestrationQuery, Page } from "./client/query.ts";
export type { ScheduleOptions } from "./client/schedule.ts";
export type { OrchestrationStatus } from "./client/status.ts";
export { systemClock } from "./clock.ts";
export type { Clock } from "./clock.ts";
export {
  jsonConverter,
  PayloadNotReadableError,
  PayloadNotSerializableError,
} from "./converter.ts";
export type { PayloadConverter } from "./converter.ts";
export { defineActivity } from "./definition/activity.ts";
export type {
  ActivityContext,
  ActivityDefinition,
  ActivityFunction,
  AnyActivityFunction,
  DefinitionOptions,
  OutputAs,
  RegisteredActivity,
} from "./definition/activity.ts";
export { defineEvent } from "./definition/event.ts";
export type { EventDefinition } from "./definition/event.ts";
export { defineOrchestrator } from "./definition/orchestrator.ts";
export type {
  OrchestratorDefinition,
  OrchestratorFunction,
  RawOutputAs,
} from "./definition/orchestrator.ts";
export { register } from "./definition/registrable.ts";
export type { Registrable, Registry } from "./definition/registrable.ts";
export type { Duration } from "./duration.ts";
export { whenAll, whenAny, whenEach } from "./engine/combinators.ts";
export type { EachTask, Ended, TaskResults, Winner } from "./engine/combinators.ts";
export type {
  AbortSignalLike,
  ActivityOptions,
  ContinueAsNewOptions,
  OrchestrationContext,
  TaskLogger,
  TaskLogLine,
  ParentOrchestration,
  SubOrchestrationOptions,
  WaitOptions,
} from "./engine/context.ts";
export {
  EventTimeoutError,
  NonDeterminismError,
  NonDurableAwaitError,
  TaskCanceledError,
  TaskNotAwaitedError,
  TooManyActionsError,
} from "./engine/errors.ts";
export type { DurableCall } from "./engine/errors.ts";
export type { AnyOrchestratorFunction, RegisteredOrchestrator } from "./engine/program.ts";
export type {
  ActivityReference,
  CallableActivity,
  CallableOrchestrator,
  CallArguments,
  EventReference,
  OrchestratorReference,
} from "./engine/reference.ts";
export type { Retry, RetryContext, RetryHandler, RetryPolicy } from "./engine/retry.ts";
export type { Task, TaskResult, TimerTask } from "./engine/task.ts";
export { DurableTaskError, InvalidArgumentError, TaskHubError } from "./errors.ts";
export type { ErrorDetail, TaskHubErrorCode, TaskHubErrorOptions } from "./errors.ts";
export { NonRetriableError, RemoteError, TaskFailedError } from "./failure.ts";
export type { FailedTask, FailureConverter, FailureDetails, FailureProperties } from "./failure.ts";
export type { InputSurvivesJson, Jsonify } from "./json.ts";
export { defaultLogger, silentLogger } from "./logger.ts";
export type { LogEvent } from "./log-event.ts";
export type { LogLine, Logger } from "./logger.ts";
export type { ActivityMiddleware, Middleware } from "./middleware.ts";
export type { OrchestrationMiddleware } from "./engine/orchestration-middleware.ts";
export { PayloadInvalidError } from "./payload-format.ts";
export type {
  Codec,
  JsonOf,
  PayloadCoder,
  PayloadFormat,
  ReceivedAs,
  SentAs,
  StandardSchema,
} from "./payload-format.ts";
export { withDeadlines } from "./deadlines.ts";
export type { DeadlineOptions } from "./deadlines.ts";
export { isReadyIterator } from "./ready-iterator.ts";
export type { ReadyIterator } from "./ready-iterator.ts";
export { withRetries } from "./retrying-transport.ts";
export type { RetryOptions } from "./retrying-transport.ts";
export type { CallOptions, Transport } from "./transport.ts";
export { compareVersions } from "./version.ts";
export type {
  Concurrency,
  SessionLimits,
  TaskHubWorkerOptions,
  WorkerVersioning,
  WorkItemFilter,
  WorkItemFilters,
} from "./worker/options.ts";
export type { StartOptions } from "./worker/start-options.ts";
export { DuplicateRegistrationError } from "./worker/versioned-entries.ts";
export type {
  CreateWorkItemHandler,
  RunningItem,
  WorkerServices,
  WorkItemHandler,
  WorkItemKind,
} from "./worker/work-item-handler.ts";
export { TaskHubWorker } from "./worker/worker.ts";
