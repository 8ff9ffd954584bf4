import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = new URL("../../peers/", import.meta.url);

/**
 * Installs the packages of the peers, unless they are there: 240 MB that nobody needs who does not run them. Their
 * scripts do not run: one of them reports the installation to its makers.
 */
export async function installPeers(): Promise<void> {
  const { dependencies } = manifest(new URL("package.json", folder));
  const isInstalled = Object.entries(dependencies).every(
    ([name, version]) => installedVersion(name) === version,
  );
  if (isInstalled) return;
  console.log("Installing the peers, once: 240 MB.");
  const options = ["--ignore-workspace", "--ignore-scripts", "--frozen-lockfile"];
  await promisify(execFile)("pnpm", ["install", ...options], { cwd: fileURLToPath(folder) });
}

/** A program of the peers' folder. */
export function peerProgram(name: string): URL {
  return new URL(name, folder);
}

/** Resolves names as the package of a peer does. */
export function requireOf(name: string): NodeJS.Require {
  return createRequire(
    createRequire(new URL("package.json", folder)).resolve(`${name}/package.json`),
  );
}

function installedVersion(name: string): string | undefined {
  try {
    return manifest(new URL(`node_modules/${name}/package.json`, folder)).version;
  } catch {
    // It is not there.
    return undefined;
  }
}

function manifest(file: URL): {
  readonly version?: string;
  readonly dependencies: Readonly<Record<string, string>>;
} {
  return JSON.parse(readFileSync(file, "utf8"));
}
