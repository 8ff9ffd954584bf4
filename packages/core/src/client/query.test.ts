import { describe, expect, it } from "vitest";
import { purgeFilterToWire } from "./purge.ts";
import { queryToWire } from "./query.ts";
import { scheduleRequest } from "./schedule.ts";

describe("what a client asks for", () => {
  it("has dates that are dates, pages that hold something, and statuses that exist", () => {
    expect(() => queryToWire({ createdFrom: new Date(Number.NaN) }, undefined)).toThrow(
      /createdFrom/u,
    );
    for (const pageSize of [0, -1, 1.5, Number.NaN]) {
      expect(() => queryToWire({ pageSize }, undefined)).toThrow(/pageSize/u);
    }
    const statuses: never[] = JSON.parse('["failed"]');
    expect(() => queryToWire({ statuses }, undefined)).toThrow(/no status 'failed'/u);
  });

  it("never purges everything by accident", () => {
    expect(() => purgeFilterToWire({}, undefined)).toThrow(
      /needs statuses, createdFrom or createdTo/u,
    );
  });

  it("starts at a date that is one", () => {
    expect(() => scheduleRequest("a", undefined, { startAt: new Date("soon") }, 0)).toThrow(
      /startAt/u,
    );
  });

  it("tells an absent policy of reuse from an empty one", () => {
    expect(scheduleRequest("a", undefined, {}, 0).orchestrationIdReusePolicy).toBeUndefined();
    expect(
      scheduleRequest("a", undefined, { ifExists: "fail" }, 0).orchestrationIdReusePolicy,
    ).toEqual({
      replaceableStatus: [],
    });
  });
});
