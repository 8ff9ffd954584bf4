import { expect } from "vitest";
import { activities, orchestrators } from "./application.ts";
import type { PeerBench } from "./peer-bench.ts";

/** One thing that a peer and our server must do together. */
export type PeerScenario = (bench: PeerBench) => Promise<void>;

const megabyte = 1024 * 1024;

/** What a worker of another SDK does on our server, told by our client. */
export const workerScenarios: Readonly<Record<string, PeerScenario>> = {
  async "runs a chain of activities"(bench) {
    await bench.peerWorks();
    expect((await bench.run("Chain", 1)).output).toBe(4);
  },
  async "fans out over 100 activities and in again"(bench) {
    await bench.peerWorks();
    expect((await bench.run("FanOut", 100)).output).toBe(5050);
  },
  async "runs 10,000 activities of one orchestration"(bench) {
    await bench.peerWorks();
    expect((await bench.run("Many", 10_000)).output).toBe(10_000);
  },
  async "waits for a timer that does not fire early"(bench) {
    await bench.peerWorks();
    expect((await bench.run("Timer", 300)).output).toBe(true);
  },
  async "receives an event, and shows its custom status"(bench) {
    await bench.peerWorks();
    const id = await bench.client.scheduleNewOrchestration("Event", "go");
    await bench.waits(id);
    await bench.client.raiseOrchestrationEvent(id, "go", { by: "Ada" });
    expect((await bench.end(id)).output).toEqual({ by: "Ada" });
  },
  async "runs a child orchestration"(bench) {
    await bench.peerWorks();
    expect((await bench.run("Parent", 1)).output).toBe(8);
  },
  async "tries a failing activity again"(bench) {
    await bench.peerWorks();
    expect((await bench.run("Retry", 2)).output).toBe(3);
  },
  async "continues as new"(bench) {
    await bench.peerWorks();
    const state = await bench.run("Generations", 5);
    expect(state.output).toBe("done");
    expect(state.input).toBe(0);
  },
  async "is suspended and resumed"(bench) {
    await bench.peerWorks();
    const id = await bench.client.scheduleNewOrchestration("Event", "go");
    await bench.waits(id);
    await bench.client.suspendOrchestration(id, { reason: "a pause" });
    await bench.client.raiseOrchestrationEvent(id, "go", 1);
    expect((await bench.client.getOrchestrationState(id))?.status).toBe("SUSPENDED");
    await bench.client.resumeOrchestration(id);
    expect((await bench.end(id)).output).toBe(1);
  },
  async "is terminated"(bench) {
    await bench.peerWorks();
    const id = await bench.client.scheduleNewOrchestration("Event", "go");
    await bench.waits(id);
    await bench.client.terminateOrchestration(id, { output: "enough" });
    expect(await bench.end(id)).toMatchObject({
      status: "TERMINATED",
      terminationOutput: "enough",
    });
    expect((await bench.run("Chain", 1)).output).toBe(4);
  },
  async "tells why an activity failed"(bench) {
    await bench.peerWorks();
    const state = await bench.run("Failing", "no such thing");
    expect(state.status).toBe("FAILED");
    expect(JSON.stringify(state.failure)).toContain("no such thing");
  },
  async "sees the version of an orchestration"(bench) {
    await bench.peerWorks();
    const id = await bench.client.scheduleNewOrchestration("Version", undefined, {
      version: "1.2.3",
    });
    expect(await bench.end(id)).toMatchObject({ output: "1.2.3", version: "1.2.3" });
  },
  async "carries payloads of 4 MB"(bench) {
    await bench.peerWorks();
    const { output } = await bench.run("Payload", 4 * megabyte);
    expect(output === "X".repeat(4 * megabyte)).toBe(true);
  },
  async "replays a history of more than 4 MB"(bench) {
    await bench.peerWorks();
    expect((await bench.run("History", 10)).output).toBe(5 * megabyte);
  },
  async "is killed in the middle, and another goes on"(bench) {
    const first = await bench.peerWorks();
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => bench.client.scheduleNewOrchestration("SlowChain", 20)),
    );
    await Promise.all(ids.map((id) => bench.client.waitForOrchestrationStart(id)));
    await first.kill();
    await bench.peerWorks();
    for (const id of ids) {
      expect((await bench.end(id)).output).toBe(20);
      const history = await bench.client.getOrchestrationHistory(id);
      expect(history.filter(({ type }) => type === "taskCompleted")).toHaveLength(20);
    }
  },
};

/** What a client of another SDK does on our server, where our worker works. */
export const clientScenarios: Readonly<Record<string, PeerScenario>> = {
  async "schedules, waits, and reads the state"(bench) {
    await bench.weWork([...activities, ...orchestrators]);
    const client = await bench.peerCalls();
    const id = await client.schedule({ name: "Chain", input: 1 });
    expect(await client.wait(id)).toMatchObject({ status: "COMPLETED", output: "4" });
    expect(await client.state(id)).toMatchObject({ status: "COMPLETED", failure: null });
    expect(await client.state("nobody")).toBeNull();
  },
  async "reads the typed failure of a TypeScript activity"(bench) {
    await bench.weWork([...activities, ...orchestrators]);
    const client = await bench.peerCalls();
    const { status, failure } = await client.wait(
      await client.schedule({ name: "Failing", input: "declined" }),
    );
    expect(status).toBe("FAILED");
    expect(failure?.type).toBe("TaskFailedError");
    expect(failure?.message).toContain("PeerError: declined");
  },
  async "raises events, suspends and resumes"(bench) {
    await bench.weWork([...activities, ...orchestrators]);
    const client = await bench.peerCalls();
    const id = await client.schedule({ name: "Event", input: "go" });
    await bench.waits(id);
    await client.suspend(id);
    expect((await client.state(id))?.status).toBe("SUSPENDED");
    await client.raise(id, "go", { n: 1 });
    await client.resume(id);
    expect(JSON.parse((await client.wait(id)).output ?? "")).toEqual({ n: 1 });
  },
  async "terminates, and purges what has ended"(bench) {
    await bench.weWork([...activities, ...orchestrators]);
    const client = await bench.peerCalls();
    const id = await client.schedule({ name: "Event", input: "go", id: "to-be-ended" });
    await bench.waits(id);
    await client.terminate(id, "enough");
    expect(await client.wait(id)).toMatchObject({ status: "TERMINATED", output: '"enough"' });
    expect(await client.purge(id)).toBe(1);
    expect(await client.state(id)).toBeNull();
  },
  async "starts with a version, and at a time to come"(bench) {
    await bench.weWork([...activities, ...orchestrators]);
    const client = await bench.peerCalls();
    const id = await client.schedule({ name: "Version", version: "2.0", delayMs: 1500 });
    expect((await client.state(id))?.status).toBe("PENDING");
    expect(await client.wait(id)).toMatchObject({ status: "COMPLETED", output: '"2.0"' });
  },
  async "replaces an id that has ended, and is refused one that runs"(bench) {
    await bench.weWork([...activities, ...orchestrators]);
    const client = await bench.peerCalls();
    const start = { name: "Event", input: "go", id: "twice" };
    const id = await client.schedule(start);
    await bench.waits(id);
    await expect(client.schedule(start)).rejects.toThrow(/exist/iu);
    await client.raise(id, "go", 1);
    await client.wait(id);
    await client.schedule({ name: "Chain", input: 1, id });
    expect((await client.wait(id)).output).toBe("4");
  },
};

/** One orchestration on workers of two SDKs. */
export const mixedScenarios: Readonly<Record<string, PeerScenario>> = {
  async "serves a TypeScript orchestrator with its activities"(bench) {
    await bench.peerWorks("activities");
    await bench.weWork(orchestrators);
    expect((await bench.run("Chain", 1)).output).toBe(4);
    expect((await bench.run("FanOut", 20)).output).toBe(210);
    const failed = await bench.run("Failing", "declined there");
    expect(failed.failure?.innerFailure?.errorMessage).toContain("declined there");
    expect(failed.failure?.innerFailure?.errorType).toMatch(/PeerError$/u);
  },
  async "calls TypeScript activities from its orchestrator"(bench) {
    await bench.weWork(activities);
    await bench.peerWorks("orchestrators");
    expect((await bench.run("Parent", 1)).output).toBe(8);
    const call = { name: "Upper", input: "ünïcødé" };
    expect((await bench.run("Call", call)).output).toBe("ÜNÏCØDÉ");
    expect((await bench.run("Retry", 1)).output).toBe(2);
  },
};
