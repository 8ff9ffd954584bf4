import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { promisify } from "node:util";

/** The root of the repository. */
export const root: string = join(import.meta.dirname, "..");

/** As much of a package.json as the checks read. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly repository?: { readonly directory?: string };
  readonly engines?: { readonly node?: string };
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package that people install, and where its built form lies as a tarball. */
export interface PublicPackage {
  /** The folder of its source, from the root. */
  readonly folder: string;
  /** What the tarball says, which is what a registry would publish. */
  readonly manifest: Manifest;
  readonly tarball: string;
  /** The paths of the files inside. */
  readonly files: readonly string[];
}

/** Packs every package under packages/ that is not private. They have to be built. */
export async function packPublicPackages(destination: string): Promise<PublicPackage[]> {
  const folders = globSync("packages/*/package.json", { cwd: root }).map((file) => dirname(file));
  const isPublic = (folder: string): boolean => !readManifest(folder).private;
  return Promise.all(
    folders
      .filter(isPublic)
      .toSorted()
      .map((folder) => pack(folder, destination)),
  );
}

/** The specifiers by which a package's modules are imported. */
export function entryPoints({ name, exports }: Manifest): string[] {
  return Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => posix.join(name, path));
}

const exec = promisify(execFile);

/** Runs a command and answers what it printed. Fails with all that it printed where its exit status is not 0. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string = root,
): Promise<string> {
  try {
    return (await exec(command, args, { cwd, maxBuffer: 1 << 26 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    const output = `${stdout ?? ""}${stderr ?? ""}` || String(error);
    // oxlint-disable-next-line preserve-caught-error -- it would repeat the output and add nothing
    throw new Error(`${command} ${args.join(" ")}\n${output}`);
  }
}

async function pack(folder: string, destination: string): Promise<PublicPackage> {
  const args = ["pack", "--json", "--pack-destination", destination];
  const packed = JSON.parse(await run("pnpm", args, join(root, folder))) as {
    filename: string;
    files: { path: string }[];
  };
  const manifest = await run("tar", ["-xzOf", packed.filename, "package/package.json"]);
  return {
    folder,
    tarball: packed.filename,
    files: packed.files.map(({ path }) => path),
    manifest: JSON.parse(manifest) as Manifest,
  };
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
}
