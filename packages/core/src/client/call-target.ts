import type { OrchestratorReference } from "../engine/reference.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { PayloadCoder } from "../payload-format.ts";

/** Which orchestration a call is about, and how its output is decoded. */
export interface CallTarget<Options> {
  readonly id: string;
  readonly options: Partial<Options>;
  readonly output: PayloadCoder | undefined;
}

/** `(id, options?)`, or `(definition, id, options?)` where the id does not remember its type. */
export function readArguments<Options extends object>(
  args: readonly unknown[],
): CallTarget<Options> {
  const [first] = args;
  const [id, options] = typeof first === "string" ? args : args.slice(1);
  if (typeof id !== "string" || id === "") {
    throw new InvalidArgumentError(`an instance id is needed, not ${JSON.stringify(id)}`);
  }
  const output = isReference(first) ? first.output : undefined;
  return { id, options: { ...(typeof options === "object" ? options : {}) }, output };
}

function isReference(value: unknown): value is OrchestratorReference<never, unknown, unknown> {
  return typeof value === "object" && value !== null && "kind" in value;
}
