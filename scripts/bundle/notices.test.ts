import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { notices } from "./notices.ts";

const require = createRequire(new URL("../../packages/protobuf/package.json", import.meta.url));
// What is bundled are the ES modules.
const wire = dirname(require.resolve("@bufbuild/protobuf/wire")).replace("/cjs/", "/esm/");

test("keeps each notice of the modules of others once, the longer ones included", () => {
  const modules = ["varint.js", "binary-encoding.js", "base64-encoding.js", "index.js"];
  const text = notices(modules.map((file) => join(wire, file)));
  expect(text.match(/^\/\/ Copyright .*$/gm)).toEqual([
    expect.stringContaining("Google"),
    expect.stringContaining("Buf Technologies"),
  ]);
  expect(text).toContain("Redistributions in binary form");
  expect(text).toContain("Licensed under the Apache License");
});

test("has nothing to keep of our own modules", () => {
  expect(notices([import.meta.filename])).toBe("");
});
