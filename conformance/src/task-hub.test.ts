import { createMemoryStore } from "@durabletask/backend";
import { createSqliteStore } from "@durabletask/sqlite";
import { describeTaskHub } from "./task-hub-suite.ts";
import { temporaryFile } from "./temporary-file.ts";

describeTaskHub("memory", createMemoryStore);
describeTaskHub("SQLite", () => createSqliteStore(temporaryFile(), { thread: false }));
