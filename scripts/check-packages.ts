// Checks the packages as a registry would publish them. They have to be built: `pnpm build && pnpm check:packages`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import type { Check } from "./checks.ts";
import { runChecks } from "./checks.ts";
import type { PublicPackage } from "./public-packages.ts";
import { packPublicPackages, run } from "./public-packages.ts";

const folder = mkdtempSync(join(tmpdir(), "packages-of-durabletask-"));
try {
  await runChecks((await packPublicPackages(folder)).flatMap(checksOf));
} finally {
  rmSync(folder, { recursive: true });
}

function checksOf(subject: PublicPackage): Check[] {
  const { name } = subject.manifest;
  return [
    { title: `${name}: publint`, run: () => publint(subject) },
    { title: `${name}: types resolve (attw)`, run: () => areTheTypesWrong(subject) },
    { title: `${name}: holds what it should`, run: () => contents(subject) },
    { title: `${name}: says who may use it and how`, run: () => metadata(subject) },
    { title: `${name}: depends on versions that a registry has`, run: () => versions(subject) },
  ];
}

async function publint({ tarball }: PublicPackage): Promise<void> {
  await run("publint", ["run", tarball, "--strict"]);
}

async function areTheTypesWrong({ tarball }: PublicPackage): Promise<void> {
  await run("attw", [tarball, "--profile", "esm-only"]);
}

async function contents({ files, manifest }: PublicPackage): Promise<void> {
  const wanted = ["LICENSE", "README.md", ...targets(manifest.exports)];
  const missing = wanted.filter((file) => !files.includes(file));
  const stray = files.filter((file) => /\.(test|test-d|bench)\.|\.tsbuildinfo$/.test(file));
  refuse(missing.map((file) => `${file} is missing`));
  refuse(stray.map((file) => `${file} does not belong in a package`));
}

async function metadata({ folder: home, manifest }: PublicPackage): Promise<void> {
  const { license, engines, repository } = manifest;
  const expected = { license: "MIT", node: ">=22.13", directory: home };
  const actual = { license, node: engines?.node, directory: repository?.directory };
  for (const [field, value] of Object.entries(expected)) {
    const found = actual[field as keyof typeof actual];
    refuse(found === value ? [] : [`${field} is ${found ?? "missing"}, not ${value}`]);
  }
}

async function versions({ manifest }: PublicPackage): Promise<void> {
  const all = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies });
  const unpublished = all.filter(([, range]) => /^(workspace|catalog|file|link):/.test(range));
  refuse(unpublished.map(([name, range]) => `${name} is wanted as ${range}`));
}

/** Every file that a condition of an `exports` field names. */
function targets(exports: unknown): string[] {
  if (typeof exports === "string") return [normalize(exports)];
  return Object.values(exports as Record<string, unknown>).flatMap(targets);
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.join("\n"));
}
