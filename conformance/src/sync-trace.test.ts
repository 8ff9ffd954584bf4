import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runProgram } from "@durabletask/test-kit";
import { describe, expect, it } from "vitest";
import { places } from "./places.ts";
import { temporaryFile } from "./temporary-file.ts";

const program = fileURLToPath(new URL("./programs/acknowledge.ts", import.meta.url));
const hasTracer = spawnSync("strace", ["-V"]).status === 0;

/** Writes to the WAL, syncs of it and acknowledgements, in the order in which the system saw them. */
async function trace(thread: boolean): Promise<string[]> {
  const calls = "trace=write,pwrite64,fsync,fdatasync";
  const args = [
    "-f",
    "-y",
    "-s",
    "64",
    "-e",
    calls,
    process.execPath,
    program,
    temporaryFile(),
    String(thread),
  ];
  const { stderr } = await runProgram(args, { command: "strace" });
  return stderr.split("\n").flatMap((line) => {
    if (/pwrite64\(\d+<[^>]*-wal>/u.test(line)) return "write";
    if (/f(?:data)?sync\(\d+<[^>]*-wal>/u.test(line)) return "sync";
    return /write\(1<[^>]*>, "(acknowledged[^\\]*)/u.exec(line)?.[1] ?? [];
  });
}

// A kill leaves the page cache, so it cannot show that anything was synced; the calls to the system can.
describe.skipIf(!hasTracer)("full sync, as the system sees it", () => {
  it.each(places)(
    "writes and syncs the WAL before each acknowledgement, $name",
    async ({ thread }) => {
      const acknowledged: { unsynced: number; syncs: number }[] = [];
      let since = { unsynced: 0, syncs: 0 };
      for (const call of await trace(thread)) {
        if (call === "write") since.unsynced += 1;
        else if (call === "sync") since = { unsynced: 0, syncs: since.syncs + 1 };
        else {
          acknowledged.push(since);
          since = { unsynced: 0, syncs: 0 };
        }
      }
      expect(acknowledged).toEqual(
        Array.from({ length: 10 }, () => ({ unsynced: 0, syncs: expect.any(Number) })),
      );
      expect(acknowledged.every(({ syncs }) => syncs > 0)).toBe(true);
    },
  );
});
