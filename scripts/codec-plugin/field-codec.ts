import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { HotMessages } from "./hot-messages.ts";

/** How one field is read and written. */
export type FieldCodec = { readonly tag: number } & (
  | { readonly kind: "int32" | "int64" | "bool" | "string" | "enum" }
  | { readonly kind: "int32Value" | "stringValue" }
  /** By generated code, or by protobuf-es. */
  | { readonly kind: "hotMessage" | "coldMessage"; readonly message: DescMessage }
  | { readonly kind: "hotList" | "coldList"; readonly message: DescMessage }
  | { readonly kind: "stringMap" }
  /** Of `google.protobuf.Value`. */
  | { readonly kind: "valueMap" }
  | { readonly kind: "messageMap"; readonly message: DescMessage }
);

const scalars: ReadonlyMap<ScalarType, "int32" | "int64" | "bool" | "string"> = new Map([
  [ScalarType.INT32, "int32"],
  [ScalarType.INT64, "int64"],
  [ScalarType.BOOL, "bool"],
  [ScalarType.STRING, "string"],
] as const);

const wrappers: ReadonlyMap<string, "int32Value" | "stringValue"> = new Map([
  ["google.protobuf.Int32Value", "int32Value"],
  ["google.protobuf.StringValue", "stringValue"],
] as const);

const varint = 0;
const lengthDelimited = 2;

/** Throws for what no message that code is generated for has had so far. */
export function fieldCodec(field: DescField, hot: HotMessages): FieldCodec {
  const codec = valueCodec(field, hot);
  if (codec === undefined) throw new Error(`No code can be generated for ${field.toString()}.`);
  return codec;
}

function valueCodec(field: DescField, hot: HotMessages): FieldCodec | undefined {
  switch (field.fieldKind) {
    case "enum":
      return isImplicit(field) ? { kind: "enum", tag: tag(field, varint) } : undefined;
    case "scalar": {
      const kind = scalars.get(field.scalar);
      if (kind === undefined || !isImplicit(field) || field.longAsString) return undefined;
      return { kind, tag: tag(field, kind === "string" ? lengthDelimited : varint) };
    }
    case "message":
      return messageCodec(field, field.message, hot);
    case "list": {
      const { message } = field;
      if (message === undefined) return undefined;
      const kind = hot.has(message) ? "hotList" : "coldList";
      return { kind, message, tag: tag(field, lengthDelimited) };
    }
    default:
      return mapCodec(field);
  }
}

function messageCodec(
  field: DescField,
  message: DescMessage,
  hot: HotMessages,
): FieldCodec | undefined {
  const wrapper = field.oneof ? undefined : wrappers.get(message.typeName);
  if (wrapper !== undefined) return { kind: wrapper, tag: tag(field, lengthDelimited) };
  // protobuf-es has a form of its own for these.
  if (isWrapperDesc(message) || message.typeName === "google.protobuf.Struct") return undefined;
  const kind = hot.has(message) ? "hotMessage" : "coldMessage";
  return { kind, message, tag: tag(field, lengthDelimited) };
}

function mapCodec(field: DescField & { readonly fieldKind: "map" }): FieldCodec | undefined {
  if (field.mapKey !== ScalarType.STRING) return undefined;
  const { message } = field;
  if (message?.typeName === "google.protobuf.Value")
    return { kind: "valueMap", tag: tag(field, lengthDelimited) };
  if (message) return { kind: "messageMap", message, tag: tag(field, lengthDelimited) };
  const isOfStrings = field.mapKind === "scalar" && field.scalar === ScalarType.STRING;
  return isOfStrings ? { kind: "stringMap", tag: tag(field, lengthDelimited) } : undefined;
}

/** Whether a field is absent if it is zero, empty or false. */
function isImplicit({ presence, oneof }: DescField): boolean {
  return presence === FeatureSet_FieldPresence.IMPLICIT && oneof === undefined;
}

function tag({ number }: DescField, wireType: number): number {
  return (number << 3) | wireType;
}
