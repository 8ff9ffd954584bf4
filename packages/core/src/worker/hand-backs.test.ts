import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { settle } from "../../test/scripted-hub.ts";
import {
  activityItem,
  event,
  ScriptedWorkerRun,
  started,
  turnItem,
} from "../../test/scripted-worker-run.ts";
import { defineActivity } from "../definition/activity.ts";
import { defineOrchestrator } from "../definition/orchestrator.ts";

/** A hub that hands out again at once whatever is handed back to it. */
async function openHastyHub(...definitions: ConstructorParameters<typeof ScriptedWorkerRun>[0]) {
  const run = new ScriptedWorkerRun(definitions);
  const { hub } = run;
  let sent = 0;
  const send = () => hub.workStream.push(turnItem(`t${++sent}`, turn));
  let turn: Parameters<typeof turnItem>[1] = {};
  hub.answer("abandonTaskOrchestratorWorkItem", () => {
    send();
  });
  await run.worker.start();
  await settle();
  return {
    run,
    get handedBack() {
      return hub.callsOf("abandonTaskOrchestratorWorkItem").length;
    },
    begin(request: typeof turn) {
      turn = request;
      send();
    },
    set turn(request: typeof turn) {
      turn = request;
    },
  };
}

const broken = { newEvents: [event({ case: "orchestratorStarted", value: {} })] };

it("a turn that cannot be run and comes again at once goes back more and more slowly", async () => {
  const hasty = await openHastyHub();
  hasty.begin(broken);
  await hasty.run.pass(0);
  expect(hasty.handedBack).toBe(1);
  const counts = [];
  for (const ms of [199, 1, 399, 1]) {
    await hasty.run.pass(ms);
    counts.push(hasty.handedBack);
  }
  expect(counts).toEqual([1, 2, 2, 3]);
  await hasty.run.pass(600_000);
  expect(hasty.handedBack).toBeLessThan(60);
});

it("once a turn could be run, the next one that cannot goes back at once", async () => {
  const call = defineOrchestrator("call", async (ctx) => ctx.callActivity<number>("next"));
  const hasty = await openHastyHub(call);
  hasty.begin(broken);
  await hasty.run.pass(10_000);
  hasty.turn = { newEvents: started("call") };
  await hasty.run.pass(15_000);
  expect(hasty.run.turnResponses).toHaveLength(1);
  const before = hasty.handedBack;
  hasty.begin(broken);
  await hasty.run.pass(0);
  expect(hasty.handedBack).toBe(before + 1);
});

it("a worker that stops turns the same work away once, and then keeps it until its stream is closed", async () => {
  const gate = Promise.withResolvers<string>();
  const slow = defineActivity("slow", () => gate.promise);
  const call = defineOrchestrator("call", async () => OrchestrationStatus.COMPLETED);
  const hasty = await openHastyHub(slow, call);
  const { hub } = hasty.run;
  await hasty.run.send(activityItem("slow"));
  const stopped = hasty.run.worker.stop();
  hasty.begin({ newEvents: started("call") });
  await settle();
  expect(hasty.handedBack).toBe(1);
  const isOpen: boolean[] = [];
  hub.answer("abandonTaskOrchestratorWorkItem", () => {
    isOpen.push(!hub.workStream.isClosed);
  });
  gate.resolve("done");
  await hasty.run.pass(0);
  await stopped;
  expect(hasty.run.activityResponses).toHaveLength(1);
  expect(isOpen).toEqual([false]);
});
