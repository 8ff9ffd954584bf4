// Writes the code of the package in the current folder to `dist/`, as it is published: all that is behind its entry points, in
// as few files as they can share, since an application waits for each file that it loads (decisions/047). Its arguments
// are programs of the package that are started by their URL, such as threads.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { rolldown } from "rolldown";
import { computedDescriptors } from "./bundle/computed-descriptors.ts";
import { dependencies } from "./bundle/dependencies.ts";
import { notices } from "./bundle/notices.ts";
import type { Manifest } from "./public-packages.ts";

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const sources = [
  ...Object.values(manifest.exports).map(String),
  ...Object.values(manifest.bin ?? {}),
  ...process.argv.slice(2),
].filter((file) => file.endsWith(".ts"));

await using build = await rolldown({
  input: Object.fromEntries(
    sources.map((file) => [basename(file, ".ts"), join(process.cwd(), file)]),
  ),
  platform: "neutral",
  tsconfig: false,
  transform: { target: "es2024" },
  plugins: [computedDescriptors(), dependencies(manifest)],
  onLog: (level, { message }) => {
    throw new Error(`${level}: ${message}`);
  },
});
await build.write({
  dir: "dist",
  cleanDir: true,
  sourcemap: true,
  chunkFileNames: "[name].js",
  // Doc comments are in the declarations.
  comments: { jsdoc: false },
  banner: ({ moduleIds }) => notices(moduleIds),
  codeSplitting: {
    groups: [
      { name: "protobuf-es", test: /node_modules/ },
      // One file, however many entry points share it.
      { name: "shared", minShareCount: 2 },
    ],
  },
});
