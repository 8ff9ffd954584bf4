import { InvalidArgumentError } from "./errors.ts";

declare const output: unique symbol;

/** An instance id that remembers what its orchestration returns. To the program it is a string. */
export type InstanceId<Out = unknown> = string & { readonly [output]: Out };

/** What no instance id may contain. */
// oxlint-disable-next-line no-control-regex -- control characters are what it forbids
const forbidden = /[/\\#?\u0000-\u001f\u007f-\u009f]/u;

/**
 * Checks an id that somebody chooses for a new instance: 1 to 100 characters, no leading `@` (those are entities), none of
 * `/ \ # ?`, no control characters: the rules of Azure Durable Task Scheduler. Throws {@link InvalidArgumentError}.
 */
export function assertInstanceId(id: string): void {
  const reason = faultOf(id);
  if (reason !== undefined) {
    throw new InvalidArgumentError(`the instance id ${JSON.stringify(id)} ${reason}`);
  }
}

function faultOf(id: string): string | undefined {
  if (typeof id !== "string") return "is not a string";
  if (id.length === 0) return "is empty";
  if (id.length > 100) return `has ${id.length} characters; at most 100 are allowed`;
  if (id.startsWith("@")) return "begins with '@', which is reserved for entities";
  const found = forbidden.exec(id);
  return found === null ? undefined : `contains ${JSON.stringify(found[0])}`;
}
