import { type DescFile, isFieldSet, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProtoSchema,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { computedFile, encodeFile } from "./computed-file.ts";
import { file_orchestrator_service } from "./index.ts";

const files = [
  file_orchestrator_service,
  // Maps and oneofs, enums, options.
  file_google_protobuf_struct,
  file_google_protobuf_type,
  file_google_protobuf_timestamp,
];

test.each(files)("$name is computed as it is decoded", (decoded) => {
  const computed = compute(decoded);
  expect(computed.proto).toEqual(decoded.proto);
  expect(toBinary(FileDescriptorProtoSchema, computed.proto)).toEqual(
    toBinary(FileDescriptorProtoSchema, decoded.proto),
  );
  expect(computed.messages.map(String)).toEqual(decoded.messages.map(String));
  expect(computed.enums.map(String)).toEqual(decoded.enums.map(String));
});

test("a field that is not set reads as its default, and as not set", () => {
  const field = compute(file_orchestrator_service).messages[0]?.fields[0]?.proto;
  expect(field).toMatchObject({ name: "instanceId", oneofIndex: 0 });
  expect(field && isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)).toBe(false);
});

test("types of other files are those of the files that are given", () => {
  const { messages, dependencies } = compute(file_orchestrator_service);
  const executionId = messages[0]?.fields.find(({ name }) => name === "executionId");
  const wrappers = dependencies.find(({ name }) => name === "google/protobuf/wrappers");
  expect(wrappers?.messages).toContain(executionId?.message);
});

test("a file whose imports are not given is refused", () => {
  expect(() => computedFile(encodeFile(file_orchestrator_service))).toThrow("Unable to resolve");
});

function compute(file: DescFile): DescFile {
  return computedFile(encodeFile(file), file.dependencies);
}
