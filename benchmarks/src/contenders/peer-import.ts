import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measureImport } from "../cold-import.ts";
import { report } from "../measurement.ts";

const folder = await mkdtemp(join(tmpdir(), "durabletask-bench-"));
try {
  await symlink(
    fileURLToPath(new URL("../../node_modules", import.meta.url)),
    join(folder, "node_modules"),
  );
  report(await measureImport(folder, "@microsoft/durabletask-js"));
} finally {
  await rm(folder, { recursive: true });
}
