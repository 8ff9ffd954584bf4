import { createMemoryStore } from "@durabletask/backend";
import { createSqliteStore } from "@durabletask/sqlite";
import { describe } from "vitest";
import { temporaryFile } from "../temporary-file.ts";
import { describeAuthoring } from "./authoring-scenarios.ts";
import { describeClient } from "./client-scenarios.ts";
import { describeInsight } from "./insight-scenarios.ts";
import { describeManagement } from "./management-scenarios.ts";
import { describeVersions } from "./version-scenarios.ts";
import { describeWorker } from "./worker-scenarios.ts";
import { ForgetfulTransport } from "./forgetful-transport.ts";
import type { Setting } from "./world.ts";

const settings: readonly Setting[] = [
  { name: "memory, live sessions", createStore: createMemoryStore, worker: {} },
  {
    name: "memory, every turn replayed",
    createStore: createMemoryStore,
    worker: { sessions: false },
  },
  {
    name: "memory, one session at a time",
    createStore: createMemoryStore,
    worker: { sessions: { count: 1 } },
  },
  {
    name: "memory, sessions evicted at random",
    createStore: createMemoryStore,
    worker: {},
    wrap: (hub) => new ForgetfulTransport(hub),
  },
  {
    name: "SQLite, live sessions",
    createStore: () => createSqliteStore(temporaryFile(), { thread: false }),
    worker: {},
  },
];

for (const setting of settings) {
  describe(`scenarios on ${setting.name}`, () => {
    describe("authoring", () => describeAuthoring(setting));
    describe("client", () => describeClient(setting));
    describe("worker", () => describeWorker(setting));
    describe("management", () => describeManagement(setting));
    describe("insight", () => describeInsight(setting));
    describe("versions", () => describeVersions(setting));
  });
}
