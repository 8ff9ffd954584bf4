import type { EventReference } from "../engine/reference.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { Jsonify } from "../json.ts";

/** An external event with its name and the type of its payload. */
export type EventDefinition<Payload> = EventReference<Payload>;

/**
 * Gives the payload of an event one type for whoever waits for it, raises it and sends it.
 * Throws `InvalidArgumentError` for an empty name.
 */
export function defineEvent<Payload = undefined>(name: string): EventDefinition<Jsonify<Payload>> {
  if (name === "") throw new InvalidArgumentError("defineEvent needs a name that is not empty");
  return { kind: "event", name };
}
