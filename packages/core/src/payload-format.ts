import { DurableTaskError } from "./errors.ts";
import type { Jsonify } from "./json.ts";

/**
 * A schema of any library that follows Standard Schema (version 1): Zod, Valibot, ArkType and others. It must validate
 * synchronously, and be as pure as an orchestrator: it runs inside orchestrators too.
 */
export interface StandardSchema<Sent, Received> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Received> | Promise<SchemaResult<Received>>;
    readonly types?: { readonly input: Sent; readonly output: Received } | undefined;
  };
}

type SchemaResult<Received> =
  | { readonly value: Received; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Carries what JSON cannot, such as instances of a class: to JSON and back. Both directions must be pure. */
export interface Codec<Value, Json> {
  encode(value: Value): Json;
  decode(json: Json): Value;
}

/** A codec of whatever types. */
interface AnyCodec {
  encode(value: never): unknown;
  decode(json: never): unknown;
}

/** How a payload is checked or converted: a schema, or a codec. */
export type PayloadFormat = StandardSchema<unknown, unknown> | AnyCodec;

/** What the sender of a payload of this format passes. */
export type SentAs<Format> =
  Format extends StandardSchema<infer Sent, unknown>
    ? Sent
    : Format extends { encode(value: infer Value): unknown }
      ? Value
      : unknown;

/** What the receiver of a payload of this format gets. */
export type ReceivedAs<Format> =
  Format extends StandardSchema<unknown, infer Received>
    ? Received
    : Format extends { decode(json: never): infer Value }
      ? Value
      : unknown;

/** What is seen of a payload of this format without it: plain JSON. */
export type JsonOf<Format> =
  Format extends StandardSchema<infer Sent, unknown>
    ? Jsonify<Sent>
    : Format extends { encode(value: never): infer Json }
      ? Jsonify<Json>
      : unknown;

/** A format at work: what is sent is encoded, what is received is decoded. */
export interface PayloadCoder {
  encode(value: unknown): unknown;
  /** Throws {@link PayloadInvalidError}. */
  decode(json: unknown): unknown;
}

/** A payload does not fit the schema of whoever received it. Trying again is pointless. */
export class PayloadInvalidError extends DurableTaskError {
  override name = "PayloadInvalidError";
  readonly isNonRetriable = true;
  /** What is wrong, each with its path, such as `items[2].price: expected number`. */
  readonly issues: readonly string[];

  constructor(what: string, issues: readonly string[]) {
    super("PAYLOAD_INVALID", `${what} is not valid: ${issues.join("; ")}`);
    this.issues = issues;
  }
}

/** Puts a format to work. `what` names the payload in errors. */
export function createCoder(format: PayloadFormat, what: string): PayloadCoder {
  if (!("~standard" in format)) return codecCoder(format);
  return {
    encode: (value) => value,
    decode: (json) => {
      const result = format["~standard"].validate(json);
      if (result instanceof Promise) {
        throw new PayloadInvalidError(what, [
          "its schema is asynchronous, which replay does not allow",
        ]);
      }
      if (result.issues !== undefined) throw new PayloadInvalidError(what, result.issues.map(text));
      return result.value;
    },
  };
}

/** The types of a codec are those of the definition it was given to; here, where bytes are decoded, they are erased. */
function codecCoder(codec: AnyCodec): PayloadCoder {
  return {
    encode: (value) => (value === undefined ? undefined : codec.encode(value as never)),
    decode: (json) => (json === undefined ? undefined : codec.decode(json as never)),
  };
}

function text({ message, path = [] }: SchemaIssue): string {
  const steps = path.map((step) => (typeof step === "object" ? step.key : step));
  const at = steps.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`));
  return path.length === 0 ? message : `${at.join("").replace(/^\./u, "")}: ${message}`;
}
