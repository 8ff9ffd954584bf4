import { describe, expect, it } from "vitest";
import { openError, resultCode } from "./open-errors.ts";

function sqliteError(errcode: number): Error {
  return Object.assign(new Error("from SQLite"), { code: "ERR_SQLITE_ERROR", errcode });
}

describe("openError", () => {
  it.each([
    [5, "TASK_HUB_OWNED"],
    [6, "TASK_HUB_OWNED"],
    [8, "TASK_HUB_READ_ONLY"],
    [8 | (2 << 8), "TASK_HUB_READ_ONLY"],
    [11, "TASK_HUB_FILE_INVALID"],
    [13, "TASK_HUB_UNREACHABLE"],
    [14, "TASK_HUB_UNREACHABLE"],
    [26, "TASK_HUB_FILE_INVALID"],
  ])("result code %d is %s, with the file's name and the cause", (errcode, code) => {
    const cause = sqliteError(errcode);
    const error = openError("some.db", cause, undefined);
    expect(error).toMatchObject({ code, cause, message: expect.stringContaining("some.db") });
  });

  it("lets other errors pass", () => {
    for (const error of [sqliteError(1), new Error("no code"), "text"]) {
      expect(openError("some.db", error, undefined)).toBe(error);
    }
    expect(resultCode(new Error("no code"))).toBeUndefined();
  });

  it("names the owner as far as it is known", () => {
    const owner = { pid: 7, host: "h", since: "2026-01-01T00:00:00.000Z" };
    const message = (isThisProcess: boolean) =>
      String(openError("some.db", sqliteError(5), { ...owner, isThisProcess }));
    expect(message(false)).toContain("in process 7 on h, since 2026-01-01T00:00:00.000Z");
    expect(message(true)).toContain("in this process");
  });
});
