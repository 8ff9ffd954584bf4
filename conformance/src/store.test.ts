import { createMemoryStore } from "@durabletask/backend";
import { createSqliteStore } from "@durabletask/sqlite";
import { places } from "./places.ts";
import { describeStore } from "./store-suite.ts";
import { temporaryFile } from "./temporary-file.ts";

describeStore("memory", createMemoryStore);
for (const place of places) {
  describeStore(`SQLite, ${place.name}`, () => createSqliteStore(temporaryFile(), place));
}
describeStore("SQLite, synchronous: normal", () =>
  createSqliteStore(temporaryFile(), { synchronous: "normal", thread: false }),
);
