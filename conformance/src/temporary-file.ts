import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** The name of a file in a directory of its own, which goes when the test is over. */
export function temporaryFile(name = "hub.db"): string {
  const directory = mkdtempSync(join(tmpdir(), "durabletask-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return join(directory, name);
}
