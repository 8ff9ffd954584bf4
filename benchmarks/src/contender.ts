import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Measurement } from "./measurement.ts";

/** Something that is measured: a program of its own, run in a fresh process each time. */
export interface Contender {
  readonly name: string;
  /** The program's file in the folder `contenders`. */
  readonly program: string;
  /** What it is told besides the work that all contenders do. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Options of Node.js. */
  readonly flags?: readonly string[];
  /** What it should reach, in words; shown beside what it reached. */
  readonly target?: string;
}

/** No run takes that long, unless something hangs. */
const limitMs = 15 * 60_000;

/** Runs a contender once. Rejects with what it printed if it fails. */
export function run(
  { name, program, options, flags = [] }: Contender,
  work: object,
): Promise<Measurement> {
  const file = fileURLToPath(new URL(`contenders/${program}`, import.meta.url));
  const args = [...flags, file, JSON.stringify({ ...work, ...options })];
  const child = spawn(process.execPath, args, { timeout: limitMs });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const last = output.trim().split("\n").at(-1);
      if (code === 0 && last) return resolve(JSON.parse(last));
      return reject(new Error(`${name} ended with code ${code ?? signal}\n${output}${errors}`));
    });
  });
}
