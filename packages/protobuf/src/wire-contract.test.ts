import type { DescField, DescFile, DescMessage, DescMethod } from "@bufbuild/protobuf";
import { create, ScalarType, toBinary } from "@bufbuild/protobuf";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  ActivityResponseSchema,
  file_orchestrator_service,
  TaskHubSidecarService,
} from "./index.ts";

// wire-contract.tsv is the contract that workers and clients in other languages hold us to, one fact a line. It was
// written from the contract, not from the code, and is never regenerated from it: a difference is a mistake in proto/
// unless the whole family has moved.
const contract = readFileSync(new URL("../wire-contract.tsv", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .slice(1);

test("the generated code states every fact of the wire contract, and no other", () => {
  expect(facts(file_orchestrator_service).toSorted()).toEqual(contract.toSorted());
});

test("the service is reached by the path that the family's clients dial", () => {
  const { typeName, method } = TaskHubSidecarService;
  expect(`/${typeName}/${method.startInstance.name}`).toBe("/TaskHubSidecarService/StartInstance");
});

test("fields are written under their numbers", () => {
  const response = create(ActivityResponseSchema, { instanceId: "a", taskId: 7, result: "b" });
  expect(toBinary(ActivityResponseSchema, response)).toEqual(
    Uint8Array.of(0x0a, 1, 0x61, 0x10, 7, 0x1a, 3, 0x0a, 1, 0x62),
  );
});

test("an empty payload differs from an absent one", () => {
  const empty = create(ActivityResponseSchema, { result: "" });
  const absent = create(ActivityResponseSchema);
  expect(toBinary(ActivityResponseSchema, empty)).toEqual(Uint8Array.of(0x1a, 0));
  expect(toBinary(ActivityResponseSchema, absent)).toEqual(Uint8Array.of());
});

/** A line of the contract; columns that are empty at the end are left out. */
function fact(...columns: readonly (string | number)[]): string {
  return columns.join("\t").trimEnd();
}

function facts(file: DescFile): string[] {
  return [
    ...file.messages.flatMap(messageFacts),
    ...file.enums.flatMap(({ typeName, values }) =>
      values.map(({ number, name }) => fact("value", typeName, number, name)),
    ),
    ...file.services.flatMap((service) => service.methods.map(methodFact)),
  ];
}

function messageFacts(message: DescMessage): string[] {
  const { typeName, fields, nestedMessages, proto } = message;
  return [
    fact("message", typeName),
    ...fields.map((field) => fieldFact(typeName, field)),
    ...proto.reservedRange.flatMap(({ start, end }) =>
      Array.from({ length: end - start }, (_, i) => fact("reserved", typeName, start + i)),
    ),
    ...nestedMessages.flatMap(messageFacts),
  ];
}

function fieldFact(message: string, field: DescField): string {
  const { number, name, oneof, deprecated } = field;
  const group = oneof?.name ?? "";
  return fact(
    "field",
    message,
    number,
    name,
    fieldType(field),
    group,
    deprecated ? "deprecated" : "",
  );
}

function fieldType(field: DescField): string {
  if (field.fieldKind === "list") return `repeated ${valueType(field)}`;
  if (field.fieldKind === "map") return `map<${scalarName(field.mapKey)}, ${valueType(field)}>`;
  return `${field.proto.proto3Optional ? "optional " : ""}${valueType(field)}`;
}

function valueType({ message, enum: enumeration, scalar }: DescField): string {
  const named = message ?? enumeration;
  if (named !== undefined) return named.typeName;
  return scalar === undefined ? "" : scalarName(scalar);
}

function scalarName(scalar: ScalarType): string {
  return ScalarType[scalar].toLowerCase();
}

function methodFact({ parent, name, input, output, methodKind }: DescMethod): string {
  const request = `${isStream(methodKind, "client") ? "stream " : ""}${input.typeName}`;
  const response = `${isStream(methodKind, "server") ? "stream " : ""}${output.typeName}`;
  return fact("rpc", parent.typeName, "", name, `${request} -> ${response}`);
}

function isStream(kind: DescMethod["methodKind"], side: "client" | "server"): boolean {
  return kind === `${side}_streaming` || kind === "bidi_streaming";
}
