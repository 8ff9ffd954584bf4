import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Measurement } from "./measurement.ts";

const run = promisify(execFile);

/** Imports a package in fresh processes of a folder: once to warm the disk, once for its time, once for what it pulls in. */
export async function measureImport(folder: string, name: string): Promise<Measurement> {
  const timed = join(folder, "timed.mjs");
  await writeFile(
    timed,
    `const cpu = process.cpuUsage();
const start = performance.now();
await import(${JSON.stringify(name)});
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ ms, "CPU ms": (user + system) / 1000 }));
`,
  );
  const weighed = join(folder, "weighed.mjs");
  await writeFile(
    weighed,
    `import { statSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
const files = new Set();
registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:")) files.add(fileURLToPath(url));
    return next(url, context);
  },
});
await import(${JSON.stringify(name)});
let bytes = 0;
let own = 0;
for (const file of files) {
  const { size } = statSync(file);
  bytes += size;
  if (file.includes(${JSON.stringify(`node_modules/${name}/`)})) own += size;
}
console.log(JSON.stringify({ files: files.size, kB: bytes / 1000, "own kB": own / 1000 }));
`,
  );
  await run(process.execPath, [timed]);
  const time = await run(process.execPath, [timed]);
  const weight = await run(process.execPath, [weighed]);
  return { ...JSON.parse(time.stdout), ...JSON.parse(weight.stdout) };
}
