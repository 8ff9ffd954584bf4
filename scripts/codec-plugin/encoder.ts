import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { type FieldCodec, fieldCodec } from "./field-codec.ts";
import type { HotMessages } from "./hot-messages.ts";
import { variableName, writerName } from "./names.ts";

/** With this value a field is not written. */
const absent: Partial<Record<FieldCodec["kind"], string>> = {
  int32: "0",
  int64: "0n",
  enum: "0",
  bool: "false",
  string: '""',
};

/** Prints the code that writes messages of one kind. */
export class Encoder {
  readonly #f: GeneratedFile;
  readonly #hot: HotMessages;

  constructor(f: GeneratedFile, hot: HotMessages) {
    this.#f = f;
    this.#hot = hot;
  }

  print(message: DescMessage): void {
    const f = this.#f;
    const writer = f.import("Writer", "../binary/writer.js", true);
    f.print`function ${writerName(message)}(writer: ${writer}, message: ${f.importShape(message)}): void {`;
    f.print`  writer.expect(message, ${f.string(message.typeName)});`;
    const names = message.members.map(({ localName }) => variableName(localName));
    if (names.length > 0) f.print`  const { ${names.join(", ")} } = message;`;
    for (const member of inOrder(message)) {
      if (member.kind === "oneof") this.#printOneof(member);
      else this.#printField(member);
    }
    f.print`}`;
    f.print();
  }

  #printOneof(oneof: DescOneof): void {
    const f = this.#f;
    f.print`  switch (${oneof.localName}.case) {`;
    f.print`    case undefined: break;`;
    for (const field of oneof.fields) {
      const value = this.#value(fieldCodec(field, this.#hot), `${oneof.localName}.value`);
      f.print`    case "${field.localName}": { ${value} break; }`;
    }
    f.print`    default: throw ${f.import("unusual", "../binary/unusual.js")};`;
    f.print`  }`;
  }

  #printField(field: DescField): void {
    const f = this.#f;
    const name = field.localName;
    const codec = fieldCodec(field, this.#hot);
    switch (codec.kind) {
      case "hotList":
      case "coldList": {
        const item: Printable = [`${name}[i] as `, f.importShape(codec.message)];
        f.print`  for (let i = 0; i < ${name}.length; i += 1) { ${this.#value(codec, item)} }`;
        return;
      }
      case "stringMap":
        f.print`  writer.stringEntries(${codec.tag}, ${name});`;
        return;
      case "valueMap":
        f.print`  writer.valueEntries(${codec.tag}, ${name});`;
        return;
      case "messageMap":
        f.print`  writer.messageEntries(${codec.tag}, ${f.importSchema(codec.message)}, ${name});`;
        return;
      default:
        f.print`  if (${name} !== ${absent[codec.kind] ?? "undefined"}) { ${this.#value(codec, name)} }`;
    }
  }

  #value(codec: FieldCodec, value: Printable): Printable {
    const { kind, tag } = codec;
    switch (kind) {
      case "hotMessage":
      case "hotList": {
        const write = writerName(codec.message);
        return [
          `const start = writer.begin(${tag}); ${write}(writer, `,
          value,
          "); writer.end(start);",
        ];
      }
      case "coldMessage":
      case "coldList":
        return [`writer.message(${tag}, `, this.#f.importSchema(codec.message), ", ", value, ");"];
      default:
        return [`writer.${kind === "enum" ? "int32" : kind}(${tag}, `, value, ");"];
    }
  }
}

/** By field number, as protobuf-es writes them. */
function inOrder(message: DescMessage): readonly (DescField | DescOneof)[] {
  const first = (member: DescField | DescOneof) =>
    member.kind === "oneof" ? Math.min(...member.fields.map((each) => each.number)) : member.number;
  const members = message.members.toSorted((a, b) => first(a) - first(b));
  const numbers = members.flatMap((each) =>
    each.kind === "oneof"
      ? each.fields.map(({ number }) => number).toSorted((a, b) => a - b)
      : each.number,
  );
  if (numbers.some((number, i) => number < (numbers[i - 1] ?? 0)))
    throw new Error(`${message.typeName} has other fields between those of a oneof.`);
  return members;
}
