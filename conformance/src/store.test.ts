import { createMemoryStore } from "@durabletask/backend";
import { createSqliteStore } from "@durabletask/sqlite";
import { describeStore } from "./store-suite.ts";
import { temporaryFile } from "./temporary-file.ts";

describeStore("memory", createMemoryStore);
describeStore("SQLite", () => createSqliteStore(temporaryFile()));
describeStore("SQLite, synchronous: normal", () =>
  createSqliteStore(temporaryFile(), { synchronous: "normal" }),
);
