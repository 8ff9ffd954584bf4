import { defineConfig } from "vitest/config";
import { TableReporter } from "./src/table/table-reporter.ts";

/** The suites that need other people's software, and those that share their table: `pnpm conformance`. */
export default defineConfig({
  test: {
    include: ["src/**/*.conformance.ts", "src/transport/transport.test.ts"],
    reporters: ["default", new TableReporter()],
    // Races of peers' own are tried once more; our transports pass the same suite without that in `pnpm test`.
    retry: 1,
    // Peers take a core each.
    fileParallelism: false,
  },
});
