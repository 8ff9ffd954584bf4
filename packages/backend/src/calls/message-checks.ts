import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { toBinary } from "@bufbuild/protobuf";
import { TaskHubError } from "@durabletask/core";
import type {
  ActivityResponse,
  OrchestratorAction,
  OrchestratorResponse,
} from "@durabletask/protobuf";
import { TaskFailureDetailsSchema, TraceContextSchema } from "@durabletask/protobuf";
import type { PayloadLimit } from "../state/payload-limit.ts";

// A caller in this process can send what no wire would carry. It must fail that call, not the commit, which is everybody's.
// Looked at is what will be encoded; what is rare is encoded for a try.

type Text = string | undefined;
type Tags = { readonly [key: string]: string };

/** Refuses anything but texts, under the names of their fields. */
export function checkTexts(fields: Readonly<Record<string, Text>>): void {
  for (const name in fields) checkText(fields[name], name);
}

function checkText(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== "string") throw wrong(name, value);
}

export function checkTags(tags: Tags, name = "tags"): void {
  for (const key in tags)
    if (typeof tags[key] !== "string") throw wrong(`${name}.${key}`, tags[key]);
}

/** Whatever the encoder takes. */
export function checkEncodable<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | undefined,
  name: string,
): void {
  if (message === undefined) return;
  try {
    toBinary(schema, message);
  } catch (cause) {
    throw new TaskHubError("INVALID_ARGUMENT", `The field ${name} cannot be encoded.`, { cause });
  }
}

/** Rule 18. */
export function checkSize(
  { payloads }: { readonly payloads: PayloadLimit },
  payload: Text,
  what: string,
): void {
  if (payloads.isExceededBy(payload))
    throw new TaskHubError("INVALID_ARGUMENT", payloads.complaint(what));
}

export function checkActivityResponse({ result, failureDetails }: ActivityResponse): void {
  checkText(result, "result");
  checkEncodable(TaskFailureDetailsSchema, failureDetails, "failureDetails");
}

export function checkOrchestratorResponse(response: OrchestratorResponse): void {
  const { customStatus, actions, chunkIndex } = response;
  checkText(customStatus, "customStatus");
  if (chunkIndex !== undefined && !(Number.isInteger(chunkIndex) && chunkIndex >= 0))
    throw wrong("chunkIndex", String(chunkIndex));
  for (const action of actions) checkAction(action);
}

function checkAction({
  id,
  orchestratorActionType: { case: kind, value },
}: OrchestratorAction): void {
  if (typeof id !== "number") throw wrong("id", id);
  switch (kind) {
    case "scheduleTask":
    case "createSubOrchestration":
      checkText(value.name, "name");
      checkText(value.version, "version");
      checkText(value.input, "input");
      checkTags(value.tags);
      checkEncodable(TraceContextSchema, value.parentTraceContext, "parentTraceContext");
      if (kind === "createSubOrchestration") checkText(value.instanceId, "instanceId");
      return;
    case "createTimer":
      checkTimestamp(value.fireAt, "fireAt");
      return;
    case "sendEvent":
      checkText(value.instance?.instanceId, "instance.instanceId");
      checkText(value.name, "name");
      checkText(value.data, "data");
      return;
    case "terminateOrchestration":
      checkText(value.instanceId, "instanceId");
      checkText(value.reason, "reason");
      return;
    case "completeOrchestration":
      checkText(value.result, "result");
      checkText(value.newVersion, "newVersion");
      checkEncodable(TaskFailureDetailsSchema, value.failureDetails, "failureDetails");
      return;
    default:
  }
}

/** Years 1 to 9999, as the wire has it, and as a store can read it back. */
export function checkTimestamp(
  timestamp: { readonly seconds: bigint; readonly nanos: number } | undefined,
  name: string,
): void {
  if (!timestamp) return;
  const { seconds, nanos } = timestamp;
  const isWithin =
    typeof seconds === "bigint" && seconds >= -62_135_596_800n && seconds <= 253_402_300_799n;
  if (!isWithin || !Number.isInteger(nanos) || nanos < 0 || nanos > 999_999_999) {
    throw wrong(name, `${seconds}.${nanos}`);
  }
}

function wrong(name: string, value: unknown): TaskHubError {
  return new TaskHubError(
    "INVALID_ARGUMENT",
    `The field ${name} is of the wrong type or out of range: ${typeof value === "string" ? value : typeof value}.`,
  );
}
