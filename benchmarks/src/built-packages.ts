import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** Builds packages of ours into the `node_modules` of a folder, as they are published, with their own exports. */
export async function buildInto(folder: string, names: readonly string[]): Promise<void> {
  const filters = names.map((name) => `--filter=@durabletask/${name}`);
  await run(join(root, "node_modules/.bin/turbo"), ["run", "build", ...filters], { cwd: root });
  for (const name of names) {
    const source = join(root, "packages", name);
    const target = join(folder, "node_modules/@durabletask", name);
    await cp(join(source, "dist"), join(target, "dist"), { recursive: true });
    const manifest = JSON.parse(await readFile(join(source, "package.json"), "utf8"));
    const { exports } = manifest.publishConfig;
    await writeFile(join(target, "package.json"), JSON.stringify({ ...manifest, exports }));
  }
}

/** Copies a dependency of a package of ours into the `node_modules` of a folder. */
export async function installInto(folder: string, dependency: string, of: string): Promise<void> {
  const target = join(folder, "node_modules", dependency);
  await mkdir(dirname(target), { recursive: true });
  await cp(join(root, "packages", of, "node_modules", dependency), target, {
    recursive: true,
    dereference: true,
  });
}
