import { OrchestrationStatus as WireStatus } from "@durabletask/protobuf";
import { InvalidArgumentError, TaskHubError } from "../errors.ts";

/** Where an orchestration stands; the names of the wire. */
export type OrchestrationStatus =
  | "CANCELED"
  | "COMPLETED"
  | "CONTINUED_AS_NEW"
  | "FAILED"
  | "PENDING"
  | "RUNNING"
  | "SUSPENDED"
  | "TERMINATED";

const names: Readonly<Record<number, OrchestrationStatus>> = {
  [WireStatus.RUNNING]: "RUNNING",
  [WireStatus.COMPLETED]: "COMPLETED",
  [WireStatus.CONTINUED_AS_NEW]: "CONTINUED_AS_NEW",
  [WireStatus.FAILED]: "FAILED",
  [WireStatus.CANCELED]: "CANCELED",
  [WireStatus.TERMINATED]: "TERMINATED",
  [WireStatus.PENDING]: "PENDING",
  [WireStatus.SUSPENDED]: "SUSPENDED",
};

const known = Object.values(names);

/** The name of a status of the wire. */
export function statusFromWire(status: WireStatus): OrchestrationStatus {
  const name = names[status];
  if (name !== undefined) return name;
  throw new TaskHubError("INTERNAL", `the hub reports a status that is not known here: ${status}`);
}

/** The status of the wire by its name. */
export function statusToWire(status: OrchestrationStatus): WireStatus {
  if (Object.hasOwn(WireStatus, status)) return WireStatus[status];
  throw new InvalidArgumentError(`there is no status '${status}'; they are ${known.join(", ")}`);
}
