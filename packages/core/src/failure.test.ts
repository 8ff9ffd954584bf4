import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  createFailure,
  failureOf,
  NonRetriableError,
  RemoteError,
  TaskFailedError,
} from "./failure.ts";

class PaymentDeclined extends Error {
  override name = "PaymentDeclined";
}

describe("what a thrown value says of itself", () => {
  it.each([
    [
      Object.defineProperty(new Error("x"), "message", {
        get: () => {
          throw new Error("getter");
        },
      }),
    ],
    [Object.assign(Object.create(null), { a: 1 })],
    [
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("trap");
          },
          ownKeys: () => {
            throw new Error("trap");
          },
        },
      ),
    ],
    [Object.assign(new Error("x"), { name: 42, stack: { a: 1 } })],
    [Object.assign(new Error("x"), { message: { a: 1 } })],
  ])("is made of text, whatever hostile thing is thrown (%#)", (thrown) => {
    const failure = failureOf(thrown);
    expect([typeof failure.errorType, typeof failure.errorMessage]).toEqual(["string", "string"]);
    expect(failure.errorMessage).not.toBe("");
    expect(["string", "undefined"]).toContain(typeof failure.stackTrace);
  });

  it("knows errors of another realm", () => {
    const foreign: unknown = runInNewContext("new TypeError('from afar')");
    expect(failureOf(foreign)).toMatchObject({ errorType: "TypeError", errorMessage: "from afar" });
  });

  it("cuts a chain of causes that readers in other languages could not read", () => {
    let error = new Error("level 0");
    for (let level = 1; level <= 20_000; level += 1)
      error = new Error(`level ${level}`, { cause: error });
    let depth = 0;
    for (let f: ReturnType<typeof failureOf> | undefined = failureOf(error); f; f = f.innerFailure)
      depth += 1;
    expect(depth).toBe(64);
  });

  it("is its class, message, stack and causes, however deep", () => {
    let error = new Error("level 0");
    for (let level = 1; level <= 50; level += 1)
      error = new Error(`level ${level}`, { cause: error });
    let failure: ReturnType<typeof failureOf> | undefined = failureOf(error);
    let depth = 0;
    for (; failure?.innerFailure !== undefined; failure = failure.innerFailure) depth += 1;
    expect([depth, failure?.errorMessage]).toEqual([50, "level 0"]);
    expect(failureOf(new PaymentDeclined("card expired"))).toMatchObject({
      errorType: "PaymentDeclined",
      errorMessage: "card expired",
      stackTrace: expect.stringContaining("failure.test.ts"),
      isNonRetriable: false,
    });
  });

  it("ends at a cycle of causes", () => {
    const error = new Error("a");
    error.cause = new Error("b", { cause: error });
    expect(failureOf(error).innerFailure?.innerFailure).toBeUndefined();
  });

  it.each([
    [new Error(""), "Error", "(no message)"],
    ["just text", "string", "just text"],
    ["", "string", "(no message)"],
    [{ code: 7 }, "object", '{"code":7}'],
    [null, "null", "null"],
    [undefined, "undefined", "undefined"],
    [12n, "bigint", "12"],
  ])("is a failure with a message, whatever is thrown (%#)", (thrown, errorType, errorMessage) => {
    expect(failureOf(thrown)).toMatchObject({ errorType, errorMessage });
  });

  it("is non-retriable by class or by property", () => {
    expect(failureOf(new NonRetriableError("stop")).isNonRetriable).toBe(true);
    expect(failureOf(Object.assign(new Error("x"), { isNonRetriable: true })).isNonRetriable).toBe(
      true,
    );
    expect(failureOf(Object.assign(new Error("x"), { isNonRetriable: "yes" })).isNonRetriable).toBe(
      false,
    );
  });

  it("holds the first error of an aggregate", () => {
    const error = new AggregateError([new PaymentDeclined("no")], "1 of 2 tasks failed");
    expect(failureOf(error).innerFailure?.errorType).toBe("PaymentDeclined");
  });
});

describe("a failure that has crossed the wire", () => {
  const failure = {
    ...createFailure("TaskFailedError", "the child failed"),
    innerFailure: createFailure("Shop.Payments.PaymentDeclined", "card expired"),
  };
  const error = new TaskFailedError(
    { kind: "sub-orchestration", name: "pay", id: 4, attempts: 3 },
    failure,
  );

  it("can be recognised by any type in the chain, qualified or not", () => {
    expect(error.isCausedBy("PaymentDeclined")).toBe(true);
    expect(error.isCausedBy("Shop.Payments.PaymentDeclined")).toBe(true);
    expect(error.isCausedBy("Payment")).toBe(false);
    expect(error.isCausedBy("toString")).toBe(false);
  });

  it("tells which task failed, how often it was tried, and why", () => {
    expect(error.message).toContain("sub-orchestration 'pay' (#4) failed after 3 attempts");
    expect(error.cause).toBeInstanceOf(RemoteError);
    expect(error.cause).toMatchObject({
      name: "TaskFailedError",
      cause: { message: "card expired" },
    });
  });

  it("goes on unchanged when it is thrown again", () => {
    expect(failureOf(error).innerFailure).toBe(failure);
  });
});
