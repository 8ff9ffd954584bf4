import {
  DoubleValueSchema,
  file_google_protobuf_struct,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { fieldCodec } from "./field-codec.ts";
import { HotMessages } from "./hot-messages.ts";

const nothing = new HotMessages(file_google_protobuf_struct, []);

it("refuses messages that may contain themselves, as generated code counts no levels", () => {
  const names = ["google.protobuf.Struct", "google.protobuf.Value"];
  expect(() => new HotMessages(file_google_protobuf_struct, names)).toThrow("contain itself");
});

it("refuses names that no message has", () => {
  expect(() => new HotMessages(file_google_protobuf_struct, ["Missing"])).toThrow(
    "no message Missing",
  );
});

it("refuses fields of kinds that it has no code for", () => {
  expect(() => fieldCodec(DoubleValueSchema.field.value, nothing)).toThrow(
    "No code can be generated",
  );
  expect(() => fieldCodec(ValueSchema.field.boolValue, nothing)).toThrow(
    "No code can be generated",
  );
});
