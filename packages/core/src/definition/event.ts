import type { EventReference } from "../engine/reference.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { Jsonify } from "../json.ts";
import {
  createCoder,
  type PayloadFormat,
  type ReceivedAs,
  type SentAs,
} from "../payload-format.ts";

/** An external event with its name and the type of its payload. */
export type EventDefinition<Payload, Sent = Payload> = EventReference<Payload, Sent>;

/**
 * Gives the payload of an event one type for whoever waits for it, raises it and sends it; with a schema or a codec, it is
 * checked or converted where it is received. Throws `InvalidArgumentError` for an empty name.
 */
export function defineEvent<Payload = undefined>(name: string): EventDefinition<Jsonify<Payload>>;
export function defineEvent<Format extends PayloadFormat>(
  name: string,
  format: Format,
): EventDefinition<ReceivedAs<Format>, SentAs<Format>>;
export function defineEvent(name: string, format?: PayloadFormat): EventDefinition<never, unknown> {
  if (name === "") throw new InvalidArgumentError("defineEvent needs a name that is not empty");
  return {
    kind: "event",
    name,
    coder: format && createCoder(format, `the payload of event '${name}'`),
  };
}
