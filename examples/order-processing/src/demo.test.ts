import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, type ProgramEnd } from "@durabletask/test-kit";
import { expect, it } from "vitest";
import { readOrders } from "./orders.ts";

const demo = join(import.meta.dirname, "demo.ts");
const ordersFile = join(import.meta.dirname, "../orders.json");

/** Runs the demo in a folder, where it puts its files too. */
function runDemo(cwd: string, ...args: string[]): Promise<ProgramEnd> {
  const env = { ...process.env, TMPDIR: cwd, TEMP: cwd, INIT_CWD: cwd };
  return Program.start([demo, ...args], { cwd, env }).ended;
}

it("survives the kill, and finds everything as it should be", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  const orders = (await readOrders(ordersFile)).slice(0, 40);
  const declined = orders.filter(({ card }) => card === "0002").length;
  await writeFile(join(folder.path, "few.json"), JSON.stringify(orders));

  const { exit, stdout, stderr } = await runDemo(folder.path, "few.json");

  expect(stderr).toBe("");
  const killed = /Process \d+ killed with SIGKILL at (\d+) of 40 orders/.exec(stdout)?.[1];
  expect(Number(killed)).toBeGreaterThan(0);
  expect(Number(killed)).toBeLessThan(40);
  expect(stdout).toMatch(/Process \d+ opened the same file in \d+ ms and goes on/);
  expect(stdout).toContain("  40 of 40 orders · ");
  expect(figure(stdout, "Orders")).toBe(40);
  expect(figure(stdout, "shipped")).toBe(figure(stdout, "Payments"));
  expect(stdout).toContain(`${declined} payments declined`);
  expect(figure(stdout, "replayed")).toBeGreaterThan(0);
  expect(figure(stdout, "replayed") + figure(stdout, "first") + figure(stdout, "live")).toBe(
    figure(stdout, "Turns"),
  );
  expect(stdout).toMatch(/─ killed, and back after \d+ ms ─/);
  expect(stdout).toMatch(/ s {12}completed \{ status: /);
  expect(stdout).toContain("✓ Checked: each order ended once");
  expect(exit).toBe(0);
}, 60_000);

it("runs as a server, a worker and a client, and survives the kill of the first two", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  const orders = (await readOrders(ordersFile)).slice(0, 40);
  await writeFile(join(folder.path, "few.json"), JSON.stringify(orders));

  const { exit, stdout } = await runDemo(folder.path, "--server", "few.json");

  expect(stdout).toMatch(/Server \d+ and worker \d+ killed with SIGKILL at \d+ of 40 orders/);
  expect(stdout).toMatch(
    /Server \d+ opened the same file at http:\/\/localhost:\d+; client \d+ goes on/,
  );
  expect(figure(stdout, "Orders")).toBe(40);
  expect(figure(stdout, "shipped")).toBe(figure(stdout, "Payments"));
  expect(stdout).toContain("✓ Checked: each order ended once");
  expect(exit).toBe(0);
}, 120_000);

it("copes with a single order", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  const [first] = await readOrders(ordersFile);
  await writeFile(join(folder.path, "one.json"), JSON.stringify([first]));
  const { exit, stdout } = await runDemo(folder.path, "one.json");
  expect(stdout).toContain("killed with SIGKILL at 0 of 1 orders");
  expect(figure(stdout, "Orders")).toBe(1);
  expect(exit).toBe(0);
}, 60_000);

it("says what is wrong with a file of orders, and starts nothing", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  const file = join(folder.path, "broken.json");
  await writeFile(
    file,
    (await readFile(ordersFile, "utf8")).replace('"quantity": 1', '"quantity": 0'),
  );
  const { exit, stdout, stderr } = await runDemo(folder.path, "broken.json");
  expect(stderr).toBe(
    `${file} is not a list of orders:\n  orders[0].lines[0].quantity: Too small: expected number to be >0\n`,
  );
  expect(stdout).toBe("");
  expect(exit).toBe(1);
}, 60_000);

/** The figure of a row of the summary. */
function figure(stdout: string, label: string): number {
  const [, digits = "none"] = new RegExp(`│ +${label} +│ +([\\d,]+) │`).exec(stdout) ?? [];
  return Number(digits.replaceAll(",", ""));
}
