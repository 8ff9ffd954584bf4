import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Measurement, Workload } from "./workload.ts";

/** Something that is measured: a program of its own, run in a fresh process each time. */
export interface Contender {
  readonly name: string;
  readonly program: string;
}

/** Runs a contender once. Rejects with what it printed if it fails. */
export function run(contender: Contender, workload: Workload): Promise<Measurement> {
  const program = fileURLToPath(new URL(contender.program, import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(workload)]);
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const last = output.trim().split("\n").at(-1);
      if (code === 0 && last) return resolve(JSON.parse(last));
      return reject(new Error(`${contender.name} ended with code ${code}\n${output}${errors}`));
    });
  });
}
