import type { Middleware } from "../middleware.ts";
import { ActivityRunner } from "./activity-runner.ts";
import { OrchestrationRunner } from "./orchestration-runner.ts";
import { DuplicateRegistrationError, VersionedEntries } from "./versioned-entries.ts";
import type { CreateWorkItemHandler, WorkItemKind } from "./work-item-handler.ts";
import type { RegisteredActivity } from "../definition/activity.ts";
import type { Registry } from "../definition/registrable.ts";
import type { RegisteredOrchestrator } from "../engine/program.ts";

/** What a worker can run, by name and version. */
export class WorkerRegistry implements Registry {
  readonly activities: VersionedEntries<RegisteredActivity> = new VersionedEntries("activity");
  readonly orchestrators: VersionedEntries<RegisteredOrchestrator> = new VersionedEntries(
    "orchestrator",
  );

  readonly handlers: Map<WorkItemKind, CreateWorkItemHandler> = new Map();
  readonly middleware: Middleware[] = [];

  constructor() {
    this.addWorkItemHandler(
      "orchestratorRequest",
      (services) => new OrchestrationRunner(services, this.orchestrators, this.middleware),
    );
    this.addWorkItemHandler(
      "activityRequest",
      (services) => new ActivityRunner(services, this.activities, this.middleware),
    );
  }

  addActivity(name: string, activity: RegisteredActivity): void {
    this.activities.add(name, activity);
  }

  addOrchestrator(name: string, orchestrator: RegisteredOrchestrator): void {
    this.orchestrators.add(name, orchestrator);
  }

  addWorkItemHandler(kind: WorkItemKind, create: CreateWorkItemHandler): void {
    if (this.handlers.has(kind)) throw new DuplicateRegistrationError("handler", kind, "");
    this.handlers.set(kind, create);
  }
}
