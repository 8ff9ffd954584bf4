import { TaskHubError } from "@durabletask/core";
import type { OrchestrationIdReusePolicy } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { isActive, statusName } from "../state/status.ts";

/** Which instances a start may replace (rule 7). Without a policy: those that have ended. */
export class ReusePolicy {
  readonly #replaceable: ReadonlySet<OrchestrationStatus> | undefined;

  constructor(policy: OrchestrationIdReusePolicy | undefined) {
    if (!policy) return;
    this.#replaceable = new Set(policy.replaceableStatus);
    // An active instance is terminated before it is replaced, and is then a terminated one.
    const { TERMINATED } = OrchestrationStatus;
    if (policy.replaceableStatus.some(isActive) && !this.#replaceable.has(TERMINATED)) {
      throw new TaskHubError(
        "INVALID_ARGUMENT",
        "Invalid reusable statuses: cannot exclude 'Terminated' while also allowing reuse of running instances.",
      );
    }
  }

  /** ALREADY_EXISTS unless an instance of this status may be replaced. */
  refusal(id: string, status: OrchestrationStatus): TaskHubError | undefined {
    if (this.#replaceable?.has(status) ?? !isActive(status)) return undefined;
    return new TaskHubError(
      "ALREADY_EXISTS",
      `An instance with the id "${id}" exists already; its status is ${statusName(status)}.`,
    );
  }
}
