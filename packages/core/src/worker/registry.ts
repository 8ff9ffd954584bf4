import type { AnyActivityFunction } from "../definition/activity.ts";
import type { Registry } from "../definition/registrable.ts";
import type { AnyOrchestratorFunction } from "../engine/program.ts";
import { DurableTaskError } from "../errors.ts";

/** A worker was given two definitions of one kind under one name. */
export class DuplicateRegistrationError extends DurableTaskError {
  override name = "DuplicateRegistrationError";

  constructor(kind: string, name: string) {
    super("DUPLICATE_REGISTRATION", `this worker already has an ${kind} named '${name}'`);
  }
}

/** What a worker can run, by name. Names come from outside, so these are maps (E8). */
export class WorkerRegistry implements Registry {
  readonly activities: Map<string, AnyActivityFunction> = new Map();
  readonly orchestrators: Map<string, AnyOrchestratorFunction> = new Map();

  addActivity(name: string, activity: AnyActivityFunction): void {
    if (this.activities.has(name)) throw new DuplicateRegistrationError("activity", name);
    this.activities.set(name, activity);
  }

  addOrchestrator(name: string, orchestrator: AnyOrchestratorFunction): void {
    if (this.orchestrators.has(name)) throw new DuplicateRegistrationError("orchestrator", name);
    this.orchestrators.set(name, orchestrator);
  }
}
