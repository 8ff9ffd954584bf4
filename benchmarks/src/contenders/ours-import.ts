import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildInto, installInto } from "../built-packages.ts";
import { measureImport } from "../cold-import.ts";
import { report } from "../measurement.ts";

const folder = await mkdtemp(join(tmpdir(), "durabletask-bench-"));
try {
  await buildInto(folder, ["protobuf", "core"]);
  await installInto(folder, "@bufbuild/protobuf", "core");
  report(await measureImport(folder, "@durabletask/core"));
} finally {
  await rm(folder, { recursive: true });
}
