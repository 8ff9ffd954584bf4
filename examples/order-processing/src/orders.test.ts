import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readOrders, totalCents } from "./orders.ts";

const good = {
  id: "A-1",
  customer: "Ada",
  city: "Turin",
  country: "IT",
  card: "1234",
  lines: [{ sku: "MUG", title: "Mug", quantity: 3, price: 12.5 }],
};

/** Reads a file with this text. */
async function read(text: string) {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  const file = join(folder.path, "orders.json");
  await writeFile(file, text);
  return await readOrders(file);
}

describe("readOrders", () => {
  it("reads the orders that come with the demo", async () => {
    const orders = await readOrders(join(import.meta.dirname, "../orders.json"));
    expect(orders.length).toBeGreaterThanOrEqual(200);
  });

  it("gives what is in the file", async () => {
    expect(await read(JSON.stringify([good]))).toEqual([good]);
  });

  it.each([
    ["something that is not there", { ...good, city: undefined }, "orders[0].city: Invalid input"],
    ["a quantity of nothing", line({ quantity: 0 }), "orders[0].lines[0].quantity: Too small"],
    ["half a mug", line({ quantity: 0.5 }), "orders[0].lines[0].quantity: Invalid input"],
    ["a price in words", line({ price: "much" }), "orders[0].lines[0].price: Invalid input"],
    ["an id that no instance can have", { ...good, id: "A/1" }, "orders[0].id: takes 1 to 60"],
    ["a whole card number", { ...good, card: "4000123412341234" }, "orders[0].card: takes four"],
    ["a field that nobody knows", { ...good, note: "x" }, 'orders[0]: Unrecognized key: "note"'],
  ])("says where it finds %s", async (_, order, message) => {
    await expect(read(JSON.stringify([order]))).rejects.toThrow(message);
  });

  it("refuses an id that is there twice", async () => {
    await expect(read(JSON.stringify([good, good]))).rejects.toThrow(
      "orders[1].id: A-1 is there twice",
    );
  });

  it("lists ten faults and counts the rest", async () => {
    const faults = Array.from({ length: 12 }, () => 1);
    await expect(read(JSON.stringify(faults))).rejects.toThrow(/\n {2}and 2 more$/);
  });

  it("says that a file is empty, no JSON, or not there", async () => {
    await expect(read("[]")).rejects.toThrow("orders: has no orders");
    await expect(read("[")).rejects.toThrow("cannot be read: Unexpected end of JSON input");
    await expect(readOrders("nowhere.json")).rejects.toThrow("cannot be read: ENOENT");
  });
});

describe("totalCents", () => {
  it("is exact where sums of fractions are not", () => {
    const lines = [0.1, 0.2].map((price) => ({ sku: "X", title: "X", quantity: 1, price }));
    expect(totalCents({ lines })).toBe(30);
  });
});

function line(change: object): object {
  return { ...good, lines: [{ ...good.lines[0], ...change }] };
}
