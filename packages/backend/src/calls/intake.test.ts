import { VirtualClock } from "@durabletask/core/spi";
import { describe, expect, it } from "vitest";
import { Intake } from "./intake.ts";

/** An intake whose calls end when the test says so. */
class Bench {
  readonly clock = new VirtualClock();
  readonly begun: string[] = [];
  readonly #intake = new Intake(
    this.clock,
    { calls: 2, characters: 100 },
    { calls: 3, characters: 100 },
  );
  readonly #ends = new Map<string, PromiseWithResolvers<void>>();

  call(
    name: string,
    characters = 1,
    options: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<string> {
    const end = Promise.withResolvers<void>();
    this.#ends.set(name, end);
    const result = this.#intake.run(characters, options, async () => {
      this.begun.push(name);
      await end.promise;
      return name;
    });
    result.catch(() => undefined);
    return result;
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.resolve();
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let round = 0; round < 10; round++) await Promise.resolve();
}

describe("the intake of a task hub", () => {
  it("lets so many calls in, the others in their order, one for each that ends", async () => {
    const bench = new Bench();
    const calls = ["a", "b", "c", "d"].map((name) => bench.call(name));
    expect(bench.begun).toEqual(["a", "b"]);
    await bench.end("b");
    expect(bench.begun).toEqual(["a", "b", "c"]);
    for (const name of ["a", "c", "d"]) await bench.end(name);
    expect(await Promise.all(calls)).toEqual(["a", "b", "c", "d"]);
  });

  it("lets so many characters in, and a larger call when it is alone", async () => {
    const bench = new Bench();
    const calls = [bench.call("a", 60), bench.call("large", 500)];
    expect(bench.begun).toEqual(["a"]);
    await bench.end("a");
    calls.push(bench.call("small"));
    expect(bench.begun).toEqual(["a", "large"]);
    await bench.end("large");
    await bench.end("small");
    expect(await Promise.all(calls)).toEqual(["a", "large", "small"]);
  });

  it("refuses what comes when too much waits", async () => {
    const bench = new Bench();
    for (const name of ["a", "b", "c", "d", "e"]) void bench.call(name);
    await expect(bench.call("f")).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: expect.stringContaining("3 calls wait already"),
    });
    await bench.end("a");
    const again = bench.call("f");
    for (const name of ["b", "c", "d", "e", "f"]) await bench.end(name);
    expect(await again).toBe("f");
    for (const [name, characters] of [
      ["g", 60],
      ["h", 60],
      ["i", 60],
    ] as const)
      void bench.call(name, characters);
    await expect(bench.call("j", 60)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  });

  it("forgets who gives up while it waits", async () => {
    const bench = new Bench();
    const controller = new AbortController();
    for (const name of ["a", "b"]) void bench.call(name);
    const aborted = bench.call("c", 1, { signal: controller.signal });
    const late = bench.call("d", 1, { timeoutMs: 10 });
    const last = bench.call("e");
    controller.abort(new Error("enough"));
    bench.clock.advance(10);
    await expect(aborted).rejects.toThrow("enough");
    await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await bench.end("a");
    expect(bench.begun).toEqual(["a", "b", "e"]);
    await bench.end("e");
    await last;
    for (const name of ["f", "g", "h"]) void bench.call(name);
    expect(bench.begun).toEqual(["a", "b", "e", "f"]);
  });

  it("goes on after a call that fails", async () => {
    const bench = new Bench();
    const intake = new Intake(bench.clock, { calls: 1, characters: 1 });
    const fails = intake.run(0, {}, () => Promise.reject(new Error("no")));
    const next = intake.run(0, {}, () => Promise.resolve("next"));
    await expect(fails).rejects.toThrow("no");
    expect(await next).toBe("next");
  });
});
