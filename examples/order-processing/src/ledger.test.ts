import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { Ledger } from "./ledger.ts";

it("charges an order once, however often it is asked", () => {
  using ledger = new Ledger(":memory:");
  ledger.charge({ orderId: "A-1", cents: 100 });
  ledger.charge({ orderId: "A-1", cents: 100 });
  ledger.charge({ orderId: "A-2", cents: 200 });
  expect(ledger.charges()).toEqual([
    { orderId: "A-1", cents: 100 },
    { orderId: "A-2", cents: 200 },
  ]);
});

it("counts attempts by their task, so that a second run of one is the same attempt", () => {
  using ledger = new Ledger(":memory:");
  const run = { instanceId: "A-1", step: "reserveItem MUG" };
  expect(ledger.begin({ ...run, taskId: 2 })).toBe(1);
  expect(ledger.begin({ ...run, taskId: 2 })).toBe(1);
  expect(ledger.begin({ ...run, taskId: 5 })).toBe(2);
  expect(ledger.begin({ ...run, taskId: 2 })).toBe(1);
  expect(ledger.begin({ ...run, instanceId: "A-2", taskId: 2 })).toBe(1);
  expect(ledger.runs()).toBe(5);
  expect(ledger.reruns()).toBe(2);
});

it("keeps a request for approval until it is answered, and asks once", () => {
  using ledger = new Ledger(":memory:");
  ledger.askForApproval({ orderId: "A-1", cents: 100 });
  ledger.askForApproval({ orderId: "A-1", cents: 100 });
  expect(ledger.openApprovals()).toEqual([{ orderId: "A-1", cents: 100 }]);
  expect(ledger.openApprovals(60_000)).toEqual([]);
  ledger.closeApproval("A-1");
  ledger.askForApproval({ orderId: "A-1", cents: 100 });
  expect(ledger.openApprovals()).toEqual([]);
});

it("is opened while another process writes to it, once it is made", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  const file = join(folder.path, "ledger.db");
  Ledger.make(file);
  using other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  using ledger = new Ledger(file);
  expect(ledger.runs()).toBe(0);
});
