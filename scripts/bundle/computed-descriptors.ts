import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "rolldown";
// oxlint-disable-next-line no-restricted-imports -- the build is no package, and what it writes is for that file only
import { encodeFile } from "../../packages/protobuf/src/computed-file.ts";

const runtime = fileURLToPath(
  new URL("../../packages/protobuf/src/computed-file.ts", import.meta.url),
);

/** A descriptor as protoc-gen-es writes it: its name, and the array of the files that its own imports. */
const generated =
  /(export const (file_\w+)[^=]*= *\/\*@__PURE__\*\/\s*)fileDesc\("[^"]+"(, \[[^\]]*\])?\)/;

/** Decodes file descriptors when a package is built, instead of each time that it is loaded. */
export function computedDescriptors(): Plugin {
  return {
    name: "computed-descriptors",
    async transform(code, id) {
      if (!/_pb\.[jt]s$/.test(id) || !code.includes(" fileDesc(")) return undefined;
      const [call, declaration, name = "", imports = ""] = generated.exec(code) ?? [];
      if (call === undefined)
        throw new Error(`${id} was generated in a way that is not known here`);
      const { [name]: file } = await import(pathToFileURL(id).href);
      const computed = `${declaration}computedFile(${JSON.stringify(encodeFile(file))}${imports})`;
      // At the end, where it moves no line.
      const runtimeImport = `import { computedFile } from ${JSON.stringify(runtime)};`;
      return { code: `${code.replace(call, () => computed)}\n${runtimeImport}\n`, map: null };
    },
  };
}
