import type { AnyOrchestratorFunction } from "../engine/program.ts";
import type { AnyActivityFunction } from "./activity.ts";

/** Where definitions put what a worker runs. */
export interface Registry {
  addActivity(name: string, activity: AnyActivityFunction): void;
  addOrchestrator(name: string, orchestrator: AnyOrchestratorFunction): void;
}

/** The method by which a definition registers itself; a registered symbol, so that two copies of the library can meet. */
export const register: unique symbol = Symbol.for("durabletask.register");

/** Anything that a worker can be given: an activity, an orchestrator, or what an extension defines. */
export interface Registrable {
  [register](registry: Registry): void;
}
