import type { OrchestrationState as WireState } from "@durabletask/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { PayloadConverter } from "../converter.ts";
import type { PayloadCoder } from "../payload-format.ts";
import { timestampToMs } from "../engine/timestamp.ts";
import { DurableTaskError, withoutPages } from "../errors.ts";
import {
  type FailureDetails,
  failureDetails as detailsOf,
  isFailureCausedBy,
  RemoteError,
} from "../failure.ts";
import { type OrchestrationStatus, statusFromWire } from "./status.ts";

/**
 * The output of an orchestration was asked for that has none: it failed, or was terminated. The failure is the `cause`.
 */
export class OrchestrationFailedError extends DurableTaskError {
  override name = "OrchestrationFailedError";
  readonly instanceId: string;
  readonly status: OrchestrationStatus;
  /** Why it failed; `undefined` for one that was terminated. */
  readonly failure: FailureDetails | undefined;

  constructor(state: WireState) {
    const { failureDetails, instanceId } = state;
    const status = statusFromWire(state.orchestrationStatus);
    const reason = failureDetails
      ? `: ${failureDetails.errorType}: ${withoutPages(failureDetails.errorMessage)}`
      : "";
    super(
      "ORCHESTRATION_FAILED",
      `orchestration '${state.name}' (${instanceId}) is ${status}${reason}`,
      { cause: failureDetails && new RemoteError(failureDetails) },
    );
    this.instanceId = instanceId;
    this.status = status;
    this.failure = failureDetails && detailsOf(failureDetails);
  }

  /** Whether an error of this type is in the chain of causes. */
  isCausedBy(errorType: string): boolean {
    return isFailureCausedBy(this.failure, errorType);
  }
}

/**
 * What is known of one orchestration at one moment. `OrchestrationMetadata` in .NET, `OrchestrationState` in Python and
 * JavaScript.
 *
 * Payloads (`input`, `output`, `customStatus`, `terminationOutput`) are decoded when they are read, which may throw, so that
 * a copy `{ ...state }` lacks them: `toJSON()` gives everything as plain data.
 */
export class OrchestrationState<Out = unknown> {
  readonly instanceId: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly status: OrchestrationStatus;
  readonly executionId: string | undefined;
  readonly parentInstanceId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly lastUpdatedAt: Date;
  readonly scheduledStartAt: Date | undefined;
  readonly completedAt: Date | undefined;
  /** Whether it has ended, in whatever way. */
  readonly hasEnded: boolean;
  /** Why it failed; `undefined` unless the status is `FAILED`. */
  readonly failure: FailureDetails | undefined;
  readonly #wire: WireState;
  readonly #converter: PayloadConverter;
  readonly #hasPayloads: boolean;
  readonly #output: PayloadCoder | undefined;

  constructor(
    wire: WireState,
    converter: PayloadConverter,
    hasPayloads: boolean,
    output?: PayloadCoder,
  ) {
    this.#output = output;
    this.#wire = wire;
    this.#converter = converter;
    this.#hasPayloads = hasPayloads;
    this.instanceId = wire.instanceId;
    this.name = wire.name;
    this.version = wire.version;
    this.status = statusFromWire(wire.orchestrationStatus);
    this.hasEnded = endings.has(this.status);
    this.executionId = wire.executionId;
    this.parentInstanceId = wire.parentInstanceId;
    this.tags = wire.tags;
    this.createdAt = date(wire.createdTimestamp) ?? new Date(0);
    this.lastUpdatedAt = date(wire.lastUpdatedTimestamp) ?? this.createdAt;
    this.scheduledStartAt = date(wire.scheduledStartTimestamp);
    this.completedAt = date(wire.completedTimestamp);
    this.failure = wire.failureDetails && detailsOf(wire.failureDetails);
  }

  /**
   * What the orchestrator returned. Throws `OrchestrationFailedError` for one that failed or was terminated, and
   * `OUTPUT_NOT_AVAILABLE` for one that has not ended, or if payloads were not fetched.
   */
  get output(): Out {
    if (this.status !== "COMPLETED") {
      if (this.hasEnded) throw new OrchestrationFailedError(this.#wire);
      throw this.#notAvailable(`it is ${this.status}`);
    }
    if (!this.#hasPayloads) throw this.#notAvailable("payloads were not fetched");
    // The type comes from the definition by which it was scheduled or asked for.
    const output = this.#converter.deserialize(this.#wire.output);
    return (this.#output ? this.#output.decode(output) : output) as Out;
  }

  /** What it was scheduled with; `undefined` if payloads were not fetched. */
  get input(): unknown {
    return this.#converter.deserialize(this.#wire.input);
  }

  /** What the orchestrator has last set; `undefined` if nothing, or if payloads were not fetched. */
  get customStatus(): unknown {
    return this.#converter.deserialize(this.#wire.customStatus);
  }

  /** What was given to `terminateOrchestration`; `undefined` unless the status is `TERMINATED`. */
  get terminationOutput(): unknown {
    if (this.status !== "TERMINATED") return undefined;
    return this.#converter.deserialize(this.#wire.output);
  }

  /** All that is known, as plain data; the output is left out where there is none. */
  toJSON(): Readonly<Record<string, unknown>> {
    return {
      ...Object.fromEntries(Object.entries(this)),
      input: this.input,
      customStatus: this.customStatus,
      terminationOutput: this.terminationOutput,
      ...(this.status === "COMPLETED" && this.#hasPayloads && { output: this.output }),
    };
  }

  #notAvailable(reason: string): DurableTaskError {
    return new DurableTaskError(
      "OUTPUT_NOT_AVAILABLE",
      `orchestration '${this.name}' (${this.instanceId}) has no output here: ${reason}`,
    );
  }
}

const endings: ReadonlySet<OrchestrationStatus> = new Set([
  "COMPLETED",
  "FAILED",
  "TERMINATED",
  "CANCELED",
]);

function date(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp === undefined ? undefined : new Date(timestampToMs(timestamp));
}
