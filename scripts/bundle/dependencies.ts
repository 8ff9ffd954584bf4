import { isAbsolute } from "node:path";
import type { Plugin } from "rolldown";
import type { Manifest } from "../public-packages.ts";

/**
 * Leaves what a package imports to the packages that it is of, except for protobuf-es: its sixty files take longer to load than
 * all that core consists of. `@durabletask/protobuf` bundles what ours use of it, and the others share that copy. Those on Connect
 * do not, since Connect loads the files anyway.
 */
export function dependencies({ name, dependencies: declared = {} }: Manifest): Plugin {
  return {
    name: "dependencies",
    resolveId(id, importer) {
      const isOwn = importer === undefined || id.startsWith(".") || isAbsolute(id);
      if (isOwn) return undefined;
      const isProtobufEs = /^@bufbuild\/protobuf(\/|$)/.test(id);
      if (!isProtobufEs || "@connectrpc/connect" in declared) return { id, external: true };
      if (name === "@durabletask/protobuf") return undefined;
      return { id: "@durabletask/protobuf/spi", external: true };
    },
  };
}
