import { createFileRegistry, type DescFile } from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";

/**
 * A `FileDescriptorProto` as it is once decoded, in little JSON. Generated code holds it encoded; to decode that, protobuf-es
 * sets up the descriptors of descriptors first, which takes longer than all else that happens when core is loaded. So the
 * build decodes it and writes this in its place (scripts/bundle/computed-descriptors.ts). Source code runs as it is generated.
 */
interface EncodedFile {
  readonly shapes: readonly Shape[];
  readonly root: MessageTuple;
}

/** What messages have in common that are of one type and have set the same fields. */
interface Shape {
  readonly type: string;
  /** What reads as if it were set: the prototype that protobuf-es gives to messages whose fields know whether they are set. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly keys: readonly (readonly [name: string, holds: Holds])[];
}

/** What there is under a key. For `nothing`, a list without elements, there is no value in a tuple. */
type Holds = "value" | "message" | "messages" | "nothing";

/** The number of a shape, then the values of its keys. */
type MessageTuple = readonly [shape: number, ...values: unknown[]];

/** Gives the descriptor that `fileDesc` of protobuf-es gives for the same file. */
export function computedFile(json: string, imports: readonly DescFile[] = []): DescFile {
  // What encodeFile has written.
  const { shapes, root } = JSON.parse(json) as EncodedFile;
  const proto = decode(root, shapes) as FileDescriptorProto;
  const importOf = (name: string): DescFile | undefined =>
    imports.find((each) => each.proto.name === name);
  const file = createFileRegistry(proto, importOf).getFile(proto.name);
  if (!file) throw new Error(`${proto.name} is not in its own registry`);
  return file;
}

function decode(tuple: MessageTuple, shapes: readonly Shape[]): unknown {
  const shape = shapes[tuple[0]];
  if (!shape) throw new Error(`there is no shape ${tuple[0]}`);
  const message = Object.create(shape.defaults) as Record<string, unknown>;
  message["$typeName"] = shape.type;
  let i = 0;
  for (const [name, holds] of shape.keys) {
    message[name] = holds === "nothing" ? [] : decodeValue(tuple[(i += 1)], holds, shapes);
  }
  return message;
}

function decodeValue(value: unknown, holds: Holds, shapes: readonly Shape[]): unknown {
  if (holds === "message") return decode(value as MessageTuple, shapes);
  if (holds !== "messages") return value;
  return (value as MessageTuple[]).map((each) => decode(each, shapes));
}

/** Writes the descriptor of a file in the form that `computedFile` reads. */
export function encodeFile({ proto }: DescFile): string {
  const shapes: Shapes = new Map();
  const root = encode(proto, shapes);
  const file: EncodedFile = { shapes: [...shapes.keys()].map((shape) => JSON.parse(shape)), root };
  return JSON.stringify(file);
}

/** A message of protobuf-es, whatever its type. */
interface Message {
  readonly $typeName: string;
}

/** The shapes that have come up, written out, and their numbers. */
type Shapes = Map<string, number>;

function encode(message: Message, shapes: Shapes): MessageTuple {
  const { $typeName: type, ...fields } = message;
  const keys = Object.entries(fields).map(([name, value]) => [name, whatItHolds(value)] as const);
  const shape: Shape = { type, defaults: { ...Object.getPrototypeOf(message) }, keys };
  const values = Object.values(fields).filter((value) => whatItHolds(value) !== "nothing");
  return [numberOf(shape, shapes), ...values.map((value) => encodeValue(value, shapes))];
}

function encodeValue(value: unknown, shapes: Shapes): unknown {
  if (isMessage(value)) return encode(value, shapes);
  return Array.isArray(value) ? value.map((each) => encodeValue(each, shapes)) : value;
}

function whatItHolds(value: unknown): Holds {
  if (isMessage(value)) return "message";
  if (!Array.isArray(value)) return "value";
  if (value.length === 0) return "nothing";
  return value.every(isMessage) ? "messages" : "value";
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "$typeName" in value;
}

function numberOf(shape: Shape, shapes: Shapes): number {
  const text = JSON.stringify(shape);
  const number = shapes.get(text) ?? shapes.size;
  shapes.set(text, number);
  return number;
}
