import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Scenario, type Scenarios } from "./bench.ts";
import { activities } from "./scenarios/activities.ts";
import { calls } from "./scenarios/calls.ts";
import { events } from "./scenarios/events.ts";
import { instances } from "./scenarios/instances.ts";
import { management } from "./scenarios/management.ts";
import { orchestrations } from "./scenarios/orchestrations.ts";
import { workers } from "./scenarios/workers.ts";
import type { TaskHubUnderTest } from "./task-hub-under-test.ts";

const topics: Readonly<Record<string, Scenarios>> = {
  activities,
  orchestrations,
  events,
  instances,
  management,
  workers,
  calls,
};

/** Scenarios that a task hub cannot do, by title, each with the reason. */
export type Exceptions = Readonly<Record<string, string>>;

/** A task hub that cannot be opened on this machine, since something is missing. */
export interface NotHere {
  readonly missing: string;
}

/** A scenario may wait for a task hub that polls. */
const timeoutMs = 60_000;

/**
 * Proves a transport: everything that a client and a worker rely on, each as a test of its own.
 *
 * `open` gives a task hub and connections to it; it is called once, and what it gave is disposed of at the end. A
 * transport of your own passes if each connection reaches the same hub:
 *
 * ```ts
 * describeTransport("mine", async () => sharedTransport(createMyTransport(await openMemoryTaskHub())));
 * ```
 */
export function describeTransport(
  name: string,
  open: (() => Promise<TaskHubUnderTest>) | NotHere,
  exceptions: Exceptions = {},
): void {
  describe(name, () => {
    let hub: TaskHubUnderTest | undefined;
    beforeAll(async () => {
      if (typeof open === "function") hub = await open();
    }, timeoutMs);
    afterAll(async () => {
      await hub?.[Symbol.asyncDispose]();
    }, timeoutMs);
    for (const [topic, scenarios] of Object.entries(topics)) {
      describe(topic, () => {
        for (const [title, scenario] of Object.entries(scenarios)) {
          it(title, { timeout: timeoutMs }, async ({ skip }) => {
            if (typeof open !== "function") return skip(`not run: ${open.missing}`);
            const reason = exceptions[title];
            if (reason !== undefined) return skip(reason);
            await expectToHold(scenario, hub);
          });
        }
      });
    }
    it("has exceptions only for scenarios that exist", () => {
      const titles = new Set(Object.values(topics).flatMap(Object.keys));
      const unknown = Object.keys(exceptions).filter((title) => !titles.has(title));
      expect(unknown).toEqual([]);
    });
  });
}

async function expectToHold(scenario: Scenario, hub: TaskHubUnderTest | undefined): Promise<void> {
  if (hub === undefined) throw new Error("the task hub could not be opened");
  await scenario(await Bench.open(hub));
}
