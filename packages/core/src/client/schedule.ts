import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  CreateInstanceRequestSchema,
  OrchestrationIdReusePolicySchema,
} from "@durabletask/protobuf";
import { timestampFromMs } from "../engine/timestamp.ts";
import { InvalidArgumentError } from "../errors.ts";
import { assertInstanceId } from "../instance-id.ts";
import { type OrchestrationStatus, statusToWire } from "./status.ts";

/** How an orchestration is scheduled. */
export interface ScheduleOptions {
  /** 1 to 100 characters, no leading `@`, none of `/ \ # ?`, no control characters. Default: 32 random hex digits. */
  readonly instanceId?: string | undefined;
  /** When to start; until then it is `PENDING`. Default: at once. */
  readonly startAt?: Date | undefined;
  readonly version?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /**
   * What to do if the instance id is taken. `"replaceEnded"` replaces an instance that has ended; one that has not fails
   * the call with `ALREADY_EXISTS`. `"fail"` fails in either case. A list replaces instances of these statuses; one that
   * runs is terminated first, so the list must then hold `TERMINATED` too. Default: `"replaceEnded"`.
   */
  readonly ifExists?: "fail" | "replaceEnded" | readonly OrchestrationStatus[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Builds the request. The execution id makes a repetition of the same request harmless. */
export function scheduleRequest(
  name: string,
  input: string | undefined,
  options: ScheduleOptions,
  nowMs: number,
): MessageInitShape<typeof CreateInstanceRequestSchema> & { instanceId: string } {
  const { instanceId = hexId(), startAt, version, tags = {}, ifExists } = options;
  assertInstanceId(instanceId);
  if (startAt !== undefined && !isDate(startAt)) {
    throw new InvalidArgumentError("startAt is not a valid date");
  }
  return {
    instanceId,
    name,
    version,
    input,
    scheduledStartTimestamp: startAt && timestampFromMs(startAt.getTime()),
    orchestrationIdReusePolicy: reusePolicy(ifExists),
    executionId: hexId(),
    tags: { ...tags },
    requestTime: timestampFromMs(nowMs),
  };
}

function reusePolicy(
  ifExists: ScheduleOptions["ifExists"],
): MessageInitShape<typeof OrchestrationIdReusePolicySchema> | undefined {
  // Without a policy hubs replace what has ended.
  if (ifExists === undefined || ifExists === "replaceEnded") return undefined;
  if (ifExists === "fail") return { replaceableStatus: [] };
  if (typeof ifExists === "object") return { replaceableStatus: ifExists.map(statusToWire) };
  throw new InvalidArgumentError(
    `ifExists is '${String(ifExists)}'; it may be "fail", "replaceEnded" or a list of statuses`,
  );
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

function hexId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
