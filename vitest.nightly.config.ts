import { defineConfig } from "vitest/config";

/** What takes too long for every change: `pnpm nightly`. */
export default defineConfig({
  test: {
    include: ["conformance/src/nightly/*.nightly.ts"],
    fileParallelism: false,
    reporters: ["verbose"],
    disableConsoleIntercept: true,
  },
});
