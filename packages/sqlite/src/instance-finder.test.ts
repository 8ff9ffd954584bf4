import { expect, test } from "vitest";
import { Connection, type Request } from "./connection.ts";
import { Database } from "./database.ts";
import { InstanceFinder } from "./instance-finder.ts";

function openFinder() {
  const connection = new Connection();
  connection.execute({ kind: "open", file: ":memory:" });
  connection.execute({ kind: "script", sql: "CREATE TABLE instances (id TEXT PRIMARY KEY)" });
  connection.execute({ kind: "script", sql: "INSERT INTO instances VALUES ('a'), ('b'), ('c')" });
  const requests: Request[] = [];
  const database = new Database({
    async execute(request) {
      requests.push(request);
      return connection.execute(request);
    },
    end: async () => void connection.execute({ kind: "close" }),
  });
  return { finder: new InstanceFinder(database), requests, connection };
}

test("what is to be found at once is asked in one request, what comes meanwhile in the next", async () => {
  const { finder, requests } = openFinder();
  const first = [finder.find("a", false), finder.find("nobody", false)];
  const later = Promise.resolve()
    .then(() => undefined)
    .then(() => [finder.find("b", false), finder.find("c", false), finder.find("b", false)]);
  expect(await Promise.all(first)).toEqual([{ id: "a" }, undefined]);
  expect(await Promise.all(await later)).toEqual([{ id: "b" }, { id: "c" }, { id: "b" }]);
  expect(requests).toHaveLength(2);
});

test("a request that fails fails all that was asked in it, and the next one is asked as ever", async () => {
  const { finder, connection } = openFinder();
  connection.execute({ kind: "script", sql: "ALTER TABLE instances RENAME TO hidden" });
  const failed = await Promise.allSettled([finder.find("a", false), finder.find("b", false)]);
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  connection.execute({ kind: "script", sql: "ALTER TABLE hidden RENAME TO instances" });
  expect(await finder.find("a", false)).toEqual({ id: "a" });
});
