// Installs the packed packages into an empty project outside the workspace and uses them there as people do: from ES
// modules, by require(), from TypeScript without skipLibCheck (the examples of every README included), on this Node.js
// and on the oldest one promised. They have to be built: `pnpm build && pnpm check:consumer`.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Check } from "./checks.ts";
import { runChecks } from "./checks.ts";
import type { PublicPackage } from "./public-packages.ts";
import { entryPoints, packPublicPackages, root, run } from "./public-packages.ts";

/** The lower end of the packages' `engines`. */
const oldestNode = "22.13.0";

const project = mkdtempSync(join(tmpdir(), "consumer-of-durabletask-"));
const runtimes = [
  { title: `Node.js ${process.versions.node}`, node: process.execPath },
  { title: `Node.js ${oldestNode}`, node: bin("node") },
];
try {
  const packages = await packPublicPackages(project);
  await install(project, packages);
  for (const folder of [".", ...packages.map((each) => each.folder)]) extractExamples(folder);
  const compiled = run(bin("tsc"), [], project);
  await runChecks([
    {
      title: "TypeScript: the examples of every README compile, libraries checked",
      run: () => compiled,
    },
    ...runtimes.flatMap(({ title, node }) => [
      ...importChecks(title, node, packages),
      {
        title: `${title}: an orchestration runs`,
        run: () =>
          compiled.then(() => prints(node, "greetings.js", "Hello, Ada!\nHello, Grace!\n")),
      },
      {
        title: `${title}: threads are found`,
        run: () => compiled.then(() => prints(node, "threads.js", "42\n")),
      },
      {
        title: `${title}: entry points share classes, copies of protobuf-es share messages`,
        run: () => compiled.then(() => prints(node, "copies.js", "true\ntrue\n")),
      },
    ]),
    {
      title: "@durabletask/core is loaded in few files",
      run: () => compiled.then(() => loadsFewFiles(process.execPath)),
    },
  ]);
} finally {
  rmSync(project, { recursive: true });
}

/** An npm project with the packages, its compiler and the oldest Node.js. */
async function install(folder: string, packages: readonly PublicPackage[]): Promise<void> {
  const ours = packages.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]);
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  const manifest = {
    private: true,
    type: "module",
    dependencies: Object.fromEntries(ours) as Record<string, string>,
    devDependencies: {
      "@types/node": devDependencies["@types/node"],
      node: oldestNode,
      typescript: devDependencies["typescript"],
    },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
  cpSync(join(root, "scripts/consumer"), folder, { recursive: true });
  await run("npm", ["install", "--no-audit", "--no-fund"], folder);
}

/** Puts each TypeScript example of the README in `folder` into the project, as a module of its own. */
function extractExamples(folder: string): void {
  const readme = readFileSync(join(root, folder, "README.md"), "utf8");
  for (const [i, match] of [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].entries()) {
    writeFileSync(join(project, `readme-${basename(folder)}-${i}.ts`), match[1] ?? "");
  }
}

function bin(command: string): string {
  return join(project, "node_modules/.bin", command);
}

function importChecks(title: string, node: string, packages: readonly PublicPackage[]): Check[] {
  const modules = packages.flatMap(({ manifest }) => entryPoints(manifest));
  return [
    ...modules.map((module) => ({
      title: `${title}: import ${module}`,
      run: () => evaluate(node, "module", `await import(${JSON.stringify(module)})`),
    })),
    ...modules.map((module) => ({
      title: `${title}: require ${module}`,
      run: () => evaluate(node, "commonjs", `require(${JSON.stringify(module)})`),
    })),
  ];
}

/** Evaluates an expression that gives a module, which has to export something. */
async function evaluate(node: string, type: string, expression: string): Promise<void> {
  const names = `Object.keys(${type === "module" ? `(${expression})` : expression})`;
  const script = `if (${names}.length === 0) throw new Error("exports nothing")`;
  await run(node, [`--input-type=${type}`, "--eval", script], project);
}

async function prints(node: string, program: string, expected: string): Promise<void> {
  const printed = await run(node, [join(project, program)], project);
  if (printed !== expected) throw new Error(`printed ${JSON.stringify(printed)}`);
}

/** Few files make it fast to load, and protobuf-es alone has sixty. */
async function loadsFewFiles(node: string): Promise<void> {
  const printed = await run(node, [join(project, "loaded-files.js")], project);
  if (Number(printed) > 6) throw new Error(`loads ${printed} files`);
}
