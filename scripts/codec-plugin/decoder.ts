import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { type FieldCodec, fieldCodec } from "./field-codec.ts";
import type { HotMessages } from "./hot-messages.ts";
import { constructorName, readerName, variableName } from "./names.ts";

/** What the variable of a field begins as. The others begin undefined: without a value their objects have no such property. */
const zeros: Partial<Record<FieldCodec["kind"], string>> = {
  int32: "0",
  int64: "0n",
  enum: "0",
  bool: "false",
  string: '""',
  hotList: "[]",
  coldList: "[]",
  stringMap: "{}",
  valueMap: "{}",
  messageMap: "{}",
};

/** Prints the code that makes messages of one kind from their bytes. */
export class Decoder {
  readonly #f: GeneratedFile;
  readonly #hot: HotMessages;

  constructor(f: GeneratedFile, hot: HotMessages) {
    this.#f = f;
    this.#hot = hot;
  }

  print(message: DescMessage): void {
    const f = this.#f;
    const reader = f.import("Reader", "../binary/reader.js", true);
    this.#printConstructor(message);
    f.print`function ${readerName(message)}(reader: ${reader}, end: number): ${f.importShape(message)} {`;
    for (const member of message.members) this.#printVariable(message, member);
    f.print`  let unknown: ${f.import("UnknownField", "@bufbuild/protobuf", true)}[] | undefined;`;
    f.print`  while (reader.at < end) {`;
    f.print`    const tag = reader.tag();`;
    f.print`    switch (tag) {`;
    for (const field of message.fields) this.#printCase(message, field);
    const highest = Math.max(0, ...message.fields.map(({ number }) => number));
    f.print`      default: unknown = reader.unknown(tag, ${highest}, unknown);`;
    f.print`    }`;
    f.print`  }`;
    f.print`  reader.leave(end);`;
    this.#printResult(message);
    f.print`}`;
    f.print();
  }

  #printConstructor(message: DescMessage): void {
    const f = this.#f;
    const shape = f.importShape(message);
    const names = this.#alwaysThere(message).map(({ localName }) => variableName(localName));
    const types = names.map((name, i) => [i > 0 ? ", " : "", shape, `["${name}"]`]);
    const plain = f.import("plain", "../binary/plain.js");
    f.print`const ${constructorName(message)} = ${plain}<${shape}, [${types}]>(function (${names.join(", ")}) {`;
    f.print`  this.$typeName = ${f.string(message.typeName)};`;
    for (const name of names) f.print`  this.${name} = ${name};`;
    f.print`});`;
    f.print();
  }

  #printVariable(message: DescMessage, member: DescField | DescOneof): void {
    const f = this.#f;
    const name = variableName(member.localName);
    const zero = this.#zero(member);
    const type: Printable = [f.importShape(message), `["${name}"]`];
    if (zero === undefined) f.print`  let ${name}: ${type} | undefined;`;
    else f.print`  let ${name}: ${type} = ${zero};`;
  }

  #printCase(message: DescMessage, field: DescField): void {
    const f = this.#f;
    const codec = fieldCodec(field, this.#hot);
    const value = this.#value(codec);
    const name = variableName((field.oneof ?? field).localName);
    const once: Printable = [
      `if (${name} !== undefined) throw `,
      f.import("unusual", "../binary/unusual.js"),
      "; ",
    ];
    const head = `      case ${codec.tag}: `;
    if (field.oneof)
      f.print`${head}${once}${name} = { case: "${field.localName}", value: ${value} }; break;`;
    else if (codec.kind === "hotList" || codec.kind === "coldList")
      f.print`${head}${name}.push(${value}); break;`;
    else if (codec.kind === "stringMap") f.print`${head}reader.stringEntry(${name}); break;`;
    else if (codec.kind === "valueMap") f.print`${head}reader.valueEntry(${name}); break;`;
    else if (codec.kind === "messageMap")
      f.print`${head}reader.messageEntry(${f.importSchema(codec.message)}, ${name}); break;`;
    else if (codec.kind === "enum")
      f.print`${head}${name} = reader.int32() as ${f.importShape(message)}["${name}"]; break;`;
    else f.print`${head}${zeros[codec.kind] === undefined ? once : ""}${name} = ${value}; break;`;
  }

  #value(codec: FieldCodec): Printable {
    switch (codec.kind) {
      case "hotMessage":
      case "hotList":
        return `${readerName(codec.message)}(reader, reader.end())`;
      case "coldMessage":
      case "coldList":
        return ["reader.message(", this.#f.importSchema(codec.message), ")"];
      default:
        return `reader.${codec.kind}()`;
    }
  }

  #printResult(message: DescMessage): void {
    const f = this.#f;
    const values = this.#alwaysThere(message).map(({ kind, localName }) =>
      kind === "oneof" ? `${localName} ?? { case: undefined }` : localName,
    );
    f.print`  const message = new ${constructorName(message)}(${values.join(", ")});`;
    for (const { kind, localName } of message.members) {
      if (values.includes(localName) || kind === "oneof") continue;
      f.print`  if (${localName} !== undefined) message.${localName} = ${localName};`;
    }
    f.print`  if (unknown !== undefined) message.$unknown = unknown;`;
    f.print`  return message;`;
  }

  #alwaysThere({ members }: DescMessage): (DescField | DescOneof)[] {
    return members.filter((each) => each.kind === "oneof" || this.#zero(each) !== undefined);
  }

  #zero(member: DescField | DescOneof): string | undefined {
    return member.kind === "oneof" ? undefined : zeros[fieldCodec(member, this.#hot).kind];
  }
}
