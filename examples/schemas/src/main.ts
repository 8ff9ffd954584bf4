// Schemas: inputs, outputs and events checked where they are received, by any library that follows Standard Schema.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineEvent,
  defineOrchestrator,
  PayloadInvalidError,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";
import * as v from "valibot";
import { z } from "zod";

// With Zod. A caller may leave out what has a default; the code always has it.
const Booking = z.object({
  guest: z.string().min(1),
  nights: z.int().positive().default(1),
  from: z.iso.date(),
});

// With Valibot. What is sent is a string; what the waiter gets is a Date.
const Arrival = v.object({
  at: v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((text) => new Date(text)),
  ),
});
const arrived = defineEvent("arrived", Arrival);

// The caller checks the output. What comes from a service that one does not control is worth it.
const Room = v.object({ room: v.pipe(v.number(), v.minValue(1)) });
const reserve = defineActivity("reserve", { input: Booking, output: Room }, async (_, booking) => {
  console.log(`reserving ${booking.nights} night(s) from ${booking.from} for ${booking.guest}`);
  return { room: booking.guest === "Nobody" ? 0 : 12 };
});

const stay = defineOrchestrator("stay", { input: Booking }, async (ctx, booking) => {
  try {
    const { room } = await ctx.callActivity(reserve, booking);
    const { at } = await ctx.waitForExternalEvent(arrived);
    return `${booking.guest} has room ${room} since ${at.getUTCHours()} o'clock`;
  } catch (error) {
    if (!(error instanceof PayloadInvalidError)) throw error;
    return `no room for ${booking.guest}: ${error.issues.join("; ")}`;
  }
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(reserve, stay);
await worker.start();

const client = new TaskHubClient(hub);
const from = "2030-01-01";
const ada = await client.scheduleNewOrchestration(stay, { guest: "Ada", from });
await client.raiseOrchestrationEvent(ada, arrived, { at: "2030-01-01T15:00:00Z" });
console.log((await client.waitForOrchestrationCompletion(ada)).output);

// An output or an event that does not fit fails the task; the orchestrator may catch that.
const nobody = await client.scheduleNewOrchestration(stay, { guest: "Nobody", from });
console.log((await client.waitForOrchestrationCompletion(nobody)).output);
const late = await client.scheduleNewOrchestration(stay, { guest: "Grace", from });
await client.raiseOrchestrationEvent(late, arrived, { at: "at night" });
console.log((await client.waitForOrchestrationCompletion(late)).output);

// An input that does not fit fails the whole instance, before any of its code runs.
const bad = await client.scheduleNewOrchestration(stay, { guest: "", nights: -1, from });
console.log((await client.waitForOrchestrationCompletion(bad)).failure?.errorMessage);
