import type { RegisteredOrchestrator } from "../engine/program.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { CreateWorkItemHandler, WorkItemKind } from "../worker/work-item-handler.ts";
import type { RegisteredActivity } from "./activity.ts";

/** Where definitions put what a worker runs. */
export interface Registry {
  /** Throws `DuplicateRegistrationError` if there is one of that name and version. */
  addActivity(name: string, activity: RegisteredActivity): void;
  /** Throws `DuplicateRegistrationError` if there is one of that name and version. */
  addOrchestrator(name: string, orchestrator: RegisteredOrchestrator): void;
  /** Says who handles a kind of work item. Throws `DuplicateRegistrationError` if somebody does already. */
  addWorkItemHandler(kind: WorkItemKind, create: CreateWorkItemHandler): void;
}

/** The method by which a definition registers itself; a registered symbol, so that two copies of the library can meet. */
export const register: unique symbol = Symbol.for("durabletask.register");

/** Anything that a worker can be given: an activity, an orchestrator, or what an extension defines. */
export interface Registrable {
  [register](registry: Registry): void;
}

/** Types are of no help in JavaScript, nor where modules import each other in a circle. */
export function assertRegistrable(value: unknown): void {
  const isDefinition = typeof value === "object" && value !== null && register in value;
  if (isDefinition) return;
  throw new InvalidArgumentError(
    typeof value === "function"
      ? "register takes definitions; for a plain function use addActivity or addOrchestrator"
      : `register takes what defineActivity and defineOrchestrator give, not ${typeof value}`,
  );
}
