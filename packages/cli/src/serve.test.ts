import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  defineActivity,
  defineOrchestrator,
  silentLogger,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { createGrpcTransport } from "@durabletask/grpc";
import { fixedPort, type Output, Program } from "@durabletask/test-kit";
import { expect, it, onTestFinished } from "vitest";

const bin = fileURLToPath(new URL("./main.ts", import.meta.url));

const add = defineActivity("add", async (_, n: number) => n + 1);
const chain = defineOrchestrator("chain", async (ctx, n: number) => {
  let sum = n;
  for (let step = 0; step < 5; step++) sum = await ctx.callActivity(add, sum);
  return sum;
});

it("says where it is, and serves workers and clients", async () => {
  const served = await start("--db", temporaryFile());
  expect(served.ready).toMatch(
    /is ready: Endpoint=http:\/\/localhost:\d+;TaskHub=default;Authentication=None$/u,
  );
  await using transport = createGrpcTransport({ baseUrl: served.url });
  await using worker = new TaskHubWorker(transport, { logger: silentLogger });
  await worker.register(add, chain).start();
  const client = new TaskHubClient(transport, { logger: silentLogger });
  const id = await client.scheduleNewOrchestration(chain, 1);
  expect((await client.waitForOrchestrationCompletion(id)).output).toBe(6);
  expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
});

it("keeps task hubs apart, in files side by side, by names that lead nowhere else", async () => {
  const file = temporaryFile();
  const served = await start("--db", file);
  const clientOf = (taskhub: string) => {
    const transport = createGrpcTransport({ baseUrl: served.url, headers: { taskhub } });
    onTestFinished(() => transport[Symbol.asyncDispose]());
    return new TaskHubClient(transport, { logger: silentLogger });
  };
  await clientOf("first").scheduleNewOrchestration("any", undefined, { instanceId: "abc" });
  expect(await clientOf("FIRST").getOrchestrationState("abc")).toBeDefined();
  expect(await clientOf("second").getOrchestrationState("abc")).toBeUndefined();
  expect(await clientOf("default").getOrchestrationState("abc")).toBeUndefined();
  for (const name of ["", ".first", ".second"]) expect(existsSync(file + name)).toBe(true);
  await expect(clientOf("../x").getOrchestrationState("abc")).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
});

it("makes and empties task hubs, each by its name, as often as it is told", async () => {
  const file = temporaryFile();
  const served = await start("--db", file);
  const clientOf = (taskHub: string) => {
    const transport = createGrpcTransport({ baseUrl: served.url, taskHub });
    onTestFinished(() => transport[Symbol.asyncDispose]());
    return new TaskHubClient(transport, { logger: silentLogger });
  };
  const [one, other] = [clientOf("one"), clientOf("other")];
  const has = async (client: TaskHubClient) =>
    (await client.getOrchestrationState("a")) !== undefined;
  const fill = (client: TaskHubClient) =>
    client.scheduleNewOrchestration("any", undefined, { instanceId: "a" });

  await one.createTaskHub();
  expect(existsSync(`${file}.one`)).toBe(true);
  await fill(one);
  await fill(other);
  await one.createTaskHub();
  expect(await has(one)).toBe(true);
  await one.createTaskHub({ recreate: true });
  expect(await has(one)).toBe(false);
  await fill(one);
  await one.deleteTaskHub();
  await one.deleteTaskHub();
  expect(await has(one)).toBe(false);
  expect(await has(other)).toBe(true);
});

it("lets those in who have a token of the file", async () => {
  const tokens = temporaryFile("tokens");
  writeFileSync(tokens, "\none\r\ntwo\n\n");
  const served = await start("--token-file", tokens);
  const callWith = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    await using transport = createGrpcTransport({ baseUrl: served.url, headers });
    return await new TaskHubClient(transport).getOrchestrationState("abc");
  };
  expect(await callWith("one")).toBeUndefined();
  expect(await callWith("two")).toBeUndefined();
  await expect(callWith("three")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

it.each([["SIGTERM"], ["SIGINT"]] as const)("stops gracefully on %s", async (signal) => {
  const file = temporaryFile();
  const served = await start("--db", file);
  served.program.kill(signal);
  const { exit, ...output } = await served.program.ended;
  expect(exit).toBe(0);
  const events = linesOf(output).map(({ event }) => event);
  expect(events).toEqual(
    expect.arrayContaining(["cli.signal", "server.stopping", "server.stopped"]),
  );
  // Its owner took its leave.
  expect(existsSync(`${file}.owner`)).toBe(false);
});

it("ends at once on a second signal", async () => {
  const served = await start("--drain-timeout", "3600");
  await using transport = createGrpcTransport({ baseUrl: served.url });
  await new TaskHubClient(transport, { logger: silentLogger }).scheduleNewOrchestration("any");
  // A worker that takes work and never answers.
  const items = createTaskHubService(transport).getWorkItems({})[Symbol.asyncIterator]();
  await items.next();
  served.program.kill("SIGTERM");
  await served.program.until((output) =>
    linesOf(output).some(({ event }) => event === "server.stopping"),
  );
  served.program.kill("SIGTERM");
  expect(await served.program.ended).toMatchObject({ exit: 143 });
});

it.each([
  ["a port that is no number", ["--port", "x"], 2, "whole number"],
  ["a port that there is not", ["--port", "65536"], 2, "65535"],
  ["a certificate that is none", ["--tls-cert", bin, "--tls-key", bin], 2, "PEM"],
  ["a flag that it does not know", ["--nonsense"], 2, "unknown option"],
  ["half of TLS", ["--tls-cert", "cert.pem"], 2, "--tls-key"],
  ["a file that is not there", ["--token-file", "/none/tokens"], 2, "/none/tokens"],
  ["an address that others reach", ["--host", "0.0.0.0"], 3, "SERVER_EXPOSED"],
  [
    "an address that is not its own",
    ["--host", "192.0.2.1", "--allow-insecure"],
    3,
    "ADDRESS_NOT_AVAILABLE",
  ],
  ["a directory that is not there", ["--db", "/none/hub.db"], 4, "TASK_HUB_UNREACHABLE"],
])("says what is wrong with %s", async (_, flags, code, words) => {
  const { exit, stderr } = await startProgram(flags).ended;
  expect(exit).toBe(code);
  expect(stderr).toContain(words);
  expect(stderr).not.toContain("    at ");
});

it("says who has the port, or the file", async () => {
  const file = temporaryFile();
  const first = await start("--db", file);
  const port = new URL(first.url).port;
  expect(await startProgram(["--port", port]).ended).toMatchObject({ exit: 3 });
  expect(await startProgram(["--db", file, "--port", "0"]).ended).toMatchObject({ exit: 4 });
});

it("loses nothing when it is killed over and over under load, and counts nothing twice", async () => {
  const file = temporaryFile();
  const port = String(await fixedPort());
  let served = await start("--db", file, "--port", port);
  await using transport = createGrpcTransport({ baseUrl: served.url });
  await using worker = new TaskHubWorker(transport, { logger: silentLogger });
  await worker.register(add, chain).start();
  const client = new TaskHubClient(transport, { logger: silentLogger });
  const ids = Array.from({ length: 150 }, (_, n) => `load-${n}`);
  const load = Promise.all(ids.map((id, n) => startForCertain(client, id, n)));
  for (let round = 0; round < 4; round++) {
    // The one real wait: it decides where the knife falls.
    await setTimeout(50 + Math.random() * 150);
    served.program.kill();
    await served.program.ended;
    served = await start("--db", file, "--port", port);
  }
  await load;
  for (const [n, id] of ids.entries()) {
    const state = await client.waitForOrchestrationCompletion(id);
    expect(state.output).toBe(n + 5);
    const history = await client.getOrchestrationHistory(id);
    const types = history.map(({ type }) => type);
    for (const [type, count] of [
      ["executionStarted", 1],
      ["taskScheduled", 5],
      ["taskCompleted", 5],
      ["executionCompleted", 1],
    ] as const) {
      expect(types.filter((each) => each === type)).toHaveLength(count);
    }
  }
}, 60_000);

/** Starts an orchestration through whatever happens: its id says whether it was started already. */
async function startForCertain(client: TaskHubClient, instanceId: string, n: number) {
  for (;;) {
    try {
      return await client.scheduleNewOrchestration(chain, n, { instanceId });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ALREADY_EXISTS") return instanceId;
      if (code !== "UNAVAILABLE") throw error;
      if (await client.getOrchestrationState(instanceId)) return instanceId;
    }
  }
}

function startProgram(flags: readonly string[]): Program {
  return Program.start([bin, "serve", ...flags]);
}

/** A server on a free port, unless the flags name one. */
async function start(...flags: readonly string[]) {
  const program = startProgram(flags.includes("--port") ? flags : [...flags, "--port", "0"]);
  const { stdout } = await program.until(({ stdout }) => stdout.includes("\n"));
  const ready = stdout.trim();
  const url = /Endpoint=(?<url>[^;]+);/u.exec(ready)?.groups?.["url"];
  if (url === undefined) throw new Error(`not ready: ${ready}`);
  return { program, ready, url };
}

/** The lines of its log that are whole. */
function linesOf({ stderr }: Output): { readonly event: string }[] {
  return (
    stderr
      .split("\n")
      .slice(0, -1)
      // Each line is an object of pino's.
      .map((line) => JSON.parse(line) as { event: string })
  );
}

function temporaryFile(name = "hub.db"): string {
  const directory = mkdtempSync(join(tmpdir(), "durabletask-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return join(directory, name);
}
