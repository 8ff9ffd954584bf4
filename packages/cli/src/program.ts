import { readFileSync } from "node:fs";
import { DurableTaskError } from "@durabletask/core";
import { Command, CommanderError } from "commander";
import { exitCode, exitCodeOf } from "./exit-code.ts";
import { addServeCommand } from "./serve-command.ts";

/** Runs the command line. Resolves to the exit code of the process. */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command("durabletask")
    .description(
      "Durable Task on one machine: a task hub on a SQLite file, for workers in every language.",
    )
    .version(version())
    .exitOverride();
  addServeCommand(program);
  try {
    await program.parseAsync(argv);
    return exitCode.done;
  } catch (error) {
    // The parser has said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCode.done : exitCode.badUsage;
    process.stderr.write(`${explain(error)}\n`);
    return exitCodeOf(error);
  }
}

/** In words for what is known, with a stack for what is not. */
function explain(error: unknown): string {
  if (error instanceof DurableTaskError) return `durabletask: ${error.message}`;
  return `durabletask: ${error instanceof Error ? error.stack : String(error)}`;
}

function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  const isKnown = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return isKnown ? String(manifest.version) : "unknown";
}
