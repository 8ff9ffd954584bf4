import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OrchestrationStatus, OrchestratorActionSchema } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { complete, end, fail, schedule, send, timer } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";

const { RUNNING, COMPLETED, FAILED, TERMINATED } = OrchestrationStatus;

export function describeTurns(createStore: CreateStore): void {
  it("rule 6: a turn that terminates its own instance asks for nothing after that, and nothing comes after its end", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const soon = bench.clock.now() + 1000;
    await worker.run(end(1, "a"), schedule(2), timer(3, soon));
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(2000);
    expect((await bench.state("a")).orchestrationStatus).toBe(TERMINATED);
    const names = eventNames(await bench.history("a"));
    expect(names.at(-1)).toBe("executionCompleted");
  });

  it("rule 10: two actions of one turn under one id fail the instance", async () => {
    const bench = await openBench(createStore);
    const soon = bench.clock.now() + 1000;
    for (const actions of [
      [timer(5, soon), timer(5, soon)],
      [schedule(0), schedule(0)],
    ]) {
      const id = `twice-${actions[0]?.id}`;
      await bench.start(id);
      await bench.worker().run(...actions);
      expect((await bench.state(id)).orchestrationStatus).toBe(FAILED);
    }
  });

  it("gives an activity everything that its orchestrator said of it", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const parentTraceContext = {
      $typeName: "TraceContext" as const,
      traceParent: "00-1-2-01",
      spanID: "",
      traceState: "s=1",
    };
    const value = {
      name: "work",
      version: "2.0",
      input: "7",
      tags: { k: "v" },
      parentTraceContext,
    };
    await worker.run(
      create(OrchestratorActionSchema, {
        id: 1,
        orchestratorActionType: { case: "scheduleTask", value },
      }),
    );
    const { request } = await worker.activity();
    expect(request).toMatchObject({ ...value, taskId: 1 });
    expect(request.orchestrationInstance).toMatchObject({
      instanceId: "a",
      executionId: (await bench.state("a")).executionId,
    });
  });

  it("rule 16: hands the span of an orchestration to each of its turns, also after a reopening", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const orchestrationTraceContext = {
      $typeName: "OrchestrationTraceContext" as const,
      spanID: "",
      spanStartTime: timestampFromMs(bench.clock.now()),
    };
    const worker = bench.worker();
    const first = await worker.turn();
    expect(first.request.orchestrationTraceContext).toBeUndefined();
    await worker.answer(first, [schedule(1), schedule(2)], { orchestrationTraceContext });
    await worker.work();
    expect((await worker.run()).request).toMatchObject({ orchestrationTraceContext });
    for (const again of ["reopen", "die"] as const) {
      await bench[again]();
      await bench.service.raiseEvent({ instanceId: "a", name: "x" });
      const turn = await bench.worker().turn();
      expect(turn.request).toMatchObject({ orchestrationTraceContext });
    }
  });

  it("rule 16: tells an empty string from a missing value, also after a reopening", async () => {
    const bench = await openBench(createStore);
    await bench.start("empty", { input: "", version: "", tags: { "": "" } });
    await bench.start("missing");
    const worker = bench.worker();
    const first = await worker.turn();
    await worker.answer(first, [schedule(1, "work", "")], { customStatus: "" });
    const second = await worker.turn();
    await worker.answer(second, [schedule(1, "work")]);
    await bench.reopen();
    const again = bench.worker();
    const calls = [await again.activity(), await again.activity()];
    expect(calls.map(({ request }) => request.input)).toEqual(["", undefined]);
    for (const call of calls) await again.finish(call, call.request.input);
    for (const expected of ["", undefined]) {
      const turn = await again.turn();
      const event = turn.request.newEvents[1]?.eventType;
      expect(event).toMatchObject({ case: "taskCompleted", value: { result: expected } });
      await again.answer(turn, [complete(2, expected)]);
    }
    await bench.reopen();
    expect(await bench.state("empty")).toMatchObject({
      input: "",
      version: "",
      output: "",
      customStatus: "",
      tags: { "": "" },
    });
    expect(await bench.state("missing")).toMatchObject({
      input: undefined,
      version: undefined,
      output: undefined,
      customStatus: undefined,
      tags: {},
    });
  });

  it("keeps the custom status until another one comes", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.answer(await worker.turn(), [schedule(1)], { customStatus: "half" });
    await worker.work();
    await worker.run(schedule(2));
    expect(await bench.state("a")).toMatchObject({ customStatus: "half" });
    await worker.work();
    await worker.answer(await worker.turn(), [complete(3)], { customStatus: "all" });
    expect(await bench.state("a")).toMatchObject({ customStatus: "all" });
  });

  it("passes failure details on unchanged", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1));
    const failureDetails = {
      errorType: "My.Error",
      errorMessage: "",
      stackTrace: "at x",
      isNonRetriable: true,
      innerFailure: { errorType: "Inner", errorMessage: "why" },
      properties: { code: { kind: { case: "numberValue" as const, value: 7 } } },
    };
    await worker.finish(await worker.activity(), undefined, { failureDetails });
    const turn = await worker.run(fail(2, "gave up"));
    expect(turn.request.newEvents[1]?.eventType).toMatchObject({
      case: "taskFailed",
      value: { taskScheduledId: 1, failureDetails },
    });
    await bench.reopen();
    expect(await bench.state("a")).toMatchObject({
      orchestrationStatus: FAILED,
      failureDetails: { errorType: "Error", errorMessage: "gave up" },
    });
  });

  it("rule 2: two completions of one task collapse into one; the first wins", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1), schedule(2));
    const call = await worker.activity();
    const other = await worker.activity();
    await Promise.all([worker.finish(call, "first"), worker.finish(call, "second")]);
    await worker.finish(call, "third", { completionToken: "" });
    const turn = await worker.turn();
    expect(turn.request.newEvents.slice(1).map((event) => event.eventType)).toMatchObject([
      { case: "taskCompleted", value: { taskScheduledId: 1, result: "first" } },
    ]);
    await worker.answer(turn, []);
    await worker.finish(call, "fourth");
    expect(await worker.isIdle()).toBe(true);
    await worker.finish(other);
    await worker.run(complete(3));
    await worker.finish(other, "late");
    expect(
      eventNames(await bench.history("a")).filter((name) => name === "taskCompleted"),
    ).toHaveLength(2);
  });

  it("hands results that come together to one turn", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(...Array.from({ length: 100 }, (_, index) => schedule(index + 1)));
    const calls = [];
    for (let index = 0; index < 100; index++) calls.push(await worker.activity());
    await Promise.all(calls.map((call) => worker.finish(call)));
    expect((await worker.turn()).request.newEvents).toHaveLength(101);
  });

  it("a turn does not wait for the disk; activities and acknowledgements do", async () => {
    const bench = await openBench(createStore);
    const worker = bench.worker();
    const gate = Promise.withResolvers<void>();
    bench.store.gate = gate.promise;
    let acknowledged = 0;
    const note = () => acknowledged++;
    const started = bench.start("a").then(note);
    const turn = await worker.turn();
    const answered = worker.answer(turn, [schedule(1)]).then(note);
    expect(await worker.isIdle()).toBe(true);
    expect(acknowledged).toBe(0);
    gate.resolve();
    await worker.activity();
    await Promise.all([started, answered]);
  });

  it("rule 10: an unknown action fails the instance with a clear message, once", async () => {
    const bench = await openBench(createStore);
    const worker = bench.worker();
    const kinds = [
      { case: "rewindOrchestration" as const, value: {} },
      { case: "sendEntityMessage" as const, value: {} },
      { case: undefined },
    ];
    for (const [index, orchestratorActionType] of kinds.entries()) {
      await bench.start(`a${index}`);
      const action = create(OrchestratorActionSchema, { id: 2, orchestratorActionType });
      await worker.run(schedule(1), action, complete(3));
      const state = await bench.state(`a${index}`);
      expect(state.orchestrationStatus).toBe(FAILED);
      expect(state.failureDetails?.errorType).toBe("UnknownAction");
      expect(state.failureDetails?.errorMessage).toContain("Action 2");
    }
    expect(await worker.isIdle()).toBe(true);
  });

  it("rule 10: an action that makes no sense fails the instance too", async () => {
    const bench = await openBench(createStore);
    const worker = bench.worker();
    const timerWithoutTime = create(OrchestratorActionSchema, {
      id: 1,
      orchestratorActionType: { case: "createTimer", value: {} },
    });
    const endless = create(OrchestratorActionSchema, {
      id: 1,
      orchestratorActionType: {
        case: "completeOrchestration",
        value: { orchestrationStatus: RUNNING },
      },
    });
    for (const [id, action] of [
      ["a", timerWithoutTime],
      ["b", endless],
    ] as const) {
      await bench.start(id);
      await worker.run(action);
      expect(await bench.state(id)).toMatchObject({
        orchestrationStatus: FAILED,
        failureDetails: { errorType: "InvalidAction" },
      });
    }
  });

  it("ignores actions that follow the completion", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(complete(1, "done"), schedule(2));
    expect(await worker.isIdle()).toBe(true);
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: COMPLETED });
  });

  it("still runs activities that a completed orchestration did not wait for, also over a reopening", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1, "early"));
    await bench.service.raiseEvent({ instanceId: "a", name: "go" });
    const early = await worker.activity();
    await worker.run(schedule(2, "late"), complete(3));
    await bench.reopen();
    const again = bench.worker();
    const names = [(await again.activity()).request.name, (await again.activity()).request.name];
    expect(names.toSorted()).toEqual(["early", "late"]);
    await again.finish(early, "from before");
    await bench.reopen();
    const last = bench.worker();
    expect((await last.work()).request.name).toBe("late");
    await bench.reopen();
    expect(await bench.worker().isIdle()).toBe(true);
  });

  it("rule 4: sendEvent records EventSent here and delivers EventRaised there", async () => {
    const bench = await openBench(createStore);
    await bench.start("target");
    await bench.start("sender");
    const worker = bench.worker();
    await worker.run(schedule(1));
    await worker.run(send(1, "target", "greeting", "hi"), complete(2));
    expect(eventNames(await bench.history("sender"))).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "eventSent",
      "executionCompleted",
    ]);
    await worker.activity();
    const turn = await worker.turn();
    expect(turn.request.newEvents[1]?.eventType).toMatchObject({
      case: "eventRaised",
      value: { name: "greeting", input: "hi" },
    });
  });

  it("rule 4: an event to a target that does not exist or has ended is dropped with a warning", async () => {
    const bench = await openBench(createStore);
    const worker = bench.worker();
    await bench.start("ended");
    await worker.run(complete(1));
    await bench.start("sender");
    await worker.run(send(1, "ended", "x"), send(2, "nobody", "x"), schedule(3));
    expect(bench.warnings).toHaveLength(2);
    expect(await bench.state("sender")).toMatchObject({ orchestrationStatus: RUNNING });
    expect(await bench.exists("nobody")).toBe(false);
  });

  it("rule 4: an orchestration may send to itself", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(send(1, "a", "again", "1"));
    const turn = await worker.run(send(2, "a", "too late"), complete(3));
    expect(eventNames(turn.request.newEvents)).toEqual(["orchestratorStarted", "eventRaised"]);
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: COMPLETED });
    expect(eventNames(await bench.history("a")).at(-1)).toBe("executionCompleted");
  });

  it("terminates another instance on an orchestrator's behalf", async () => {
    const bench = await openBench(createStore);
    await bench.start("victim");
    await bench.start("a");
    const worker = bench.worker();
    const victim = await worker.turn();
    await worker.run(end(1, "victim"), end(2, "nobody"), complete(3));
    await worker.answer(victim, [complete(1)]);
    expect(await bench.state("victim")).toMatchObject({ orchestrationStatus: TERMINATED });
    expect(bench.warnings).toHaveLength(1);
  });

  it("drops what an ended instance still waited for", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(timer(1, bench.clock.now() + 1000));
    await bench.service.raiseEvent({ instanceId: "a", name: "go" });
    await worker.run(complete(2));
    await bench.pass(5000);
    expect(bench.hub.stats()).toMatchObject({ liveInstances: 0, alarms: 0 });
    expect(eventNames(await bench.history("a")).at(-1)).toBe("executionCompleted");
  });
}
