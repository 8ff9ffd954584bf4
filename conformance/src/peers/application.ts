import { defineActivity, defineOrchestrator, type Registrable, whenAll } from "@durabletask/core";

/** The application that every peer brings, with our own SDK. */

class PeerError extends Error {
  override name = "PeerError";
}

const attempts = new Map<string, number>();

const add = defineActivity("Add", (_, n: number) => n + 1);
const upper = defineActivity("Upper", (_, text: string) => text.toUpperCase());
const text = defineActivity("Text", (_, length: number) => "x".repeat(length));
const slow = defineActivity("Slow", async (_, ms: number) => {
  await new Promise((resolve) => void setTimeout(resolve, ms));
  return ms;
});
const fail = defineActivity("Fail", (_, message: string): string => {
  throw new PeerError(message, { cause: new TypeError("the cause of it") });
});
const flaky = defineActivity("Flaky", (_, call: { key: string; failures: number }) => {
  const attempt = (attempts.get(call.key) ?? 0) + 1;
  attempts.set(call.key, attempt);
  if (attempt <= call.failures) throw new PeerError("not yet");
  return attempt;
});

const chain = defineOrchestrator("Chain", async (ctx, n: number) => {
  let value = n;
  for (let step = 0; step < 3; step += 1) value = await ctx.callActivity(add, value);
  return value;
});
const fanOut = defineOrchestrator("FanOut", async (ctx, n: number) => {
  const tasks = Array.from({ length: n }, (_, i) => ctx.callActivity(add, i));
  return (await whenAll(tasks)).reduce((sum, value) => sum + value, 0);
});
const event = defineOrchestrator("Event", async (ctx, name: string) => {
  ctx.setCustomStatus("waiting");
  return ctx.waitForExternalEvent(name);
});
const failing = defineOrchestrator("Failing", async (ctx, message: string) =>
  ctx.callActivity(fail, message),
);
const version = defineOrchestrator("Version", async (ctx) => ctx.version ?? null);
const call = defineOrchestrator("Call", async (ctx, call: { name: string; input: unknown }) =>
  ctx.callActivity(call.name, call.input),
);

export const activities: readonly Registrable[] = [add, upper, text, slow, fail, flaky];
export const orchestrators: readonly Registrable[] = [chain, fanOut, event, failing, version, call];
