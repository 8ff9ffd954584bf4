import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs a program to its end. Rejects with what it wrote if it fails. */
export async function command(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Whether a program can be started here. */
export async function isHere(program: string, ...args: readonly string[]): Promise<boolean> {
  return await command(program, ...args).then(
    () => true,
    () => false,
  );
}
