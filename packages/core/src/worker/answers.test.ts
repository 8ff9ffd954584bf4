import { describe, expect, it } from "vitest";
import { Answers } from "./answers.ts";

describe("answers of first tries", () => {
  const told: string[] = [];
  const attempt = (name: string, send: () => Promise<unknown>) => ({
    send,
    acknowledged: () => void told.push(`${name} acknowledged`),
    refused: (error: unknown) => void told.push(`${name} refused: ${String(error)}`),
  });

  it("tell everyone who shares one, also those who get it after it has come", async () => {
    told.length = 0;
    const answers = new Answers();
    const shared = Promise.resolve();
    for (const name of ["a", "b"]) answers.expect(attempt(name, () => shared));
    await shared;
    expect(told).toEqual(["a acknowledged", "b acknowledged"]);
    answers.expect(attempt("c", () => shared));
    await shared;
    expect(told).toEqual(["a acknowledged", "b acknowledged", "c acknowledged"]);
  });

  it("are refusals for those alone whose call has failed", async () => {
    told.length = 0;
    const answers = new Answers();
    const broken = Promise.reject(new Error("broken"));
    answers.expect(attempt("a", () => broken));
    answers.expect(attempt("b", () => Promise.resolve()));
    await broken.catch(() => {});
    await Promise.resolve();
    expect(told.toSorted()).toEqual(["a refused: Error: broken", "b acknowledged"]);
  });
});
