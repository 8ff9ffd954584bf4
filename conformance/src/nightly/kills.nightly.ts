import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runProgram } from "@durabletask/test-kit";
import { describe, expect, it } from "vitest";
import { hungryEnvironment } from "../hungry-thread.ts";
import { finishAndCheck, type KillFiles, killOnce } from "../kill-cycles.ts";
import { places } from "../places.ts";
import { killServers } from "../served-kill-cycles.ts";
import { temporaryFile } from "../temporary-file.ts";
import { cycles } from "./parameters.ts";

const killOwnThread = fileURLToPath(new URL("../processes/kill-own-thread.ts", import.meta.url));
const secondsPerCycle = 15;

describe.each(places)("a hub whose process is killed again and again, $name", ({ thread }) => {
  itSurvives(async (files) => {
    for (let cycle = 1; cycle <= cycles; cycle++) {
      await killOnce(files, `c${cycle}`, thread);
      if (cycle % 100 === 0) console.log(`${cycle} kills`);
    }
  });
});

describe("a server that is killed again and again", () => {
  itSurvives((files) => killServers(files, cycles));
});

describe("a hub whose thread is killed or runs out of memory again and again", () => {
  itSurvives(killThreads);
});

function itSurvives(kill: (files: KillFiles) => Promise<unknown>): void {
  it(
    `survives ${cycles} kills over one file: nothing acknowledged is lost, nothing counts twice`,
    async () => {
      const file = temporaryFile();
      const files = { file, journal: `${file}.journal` };
      writeFileSync(files.journal, "");
      await kill(files);
      const { started } = await finishAndCheck(files);
      console.log(`${cycles} kills, ${started} acknowledged starts, all of them complete`);
      expect(started).toBeGreaterThan(cycles);
    },
    cycles * secondsPerCycle * 1_000,
  );
}

/** Lets a process work on a hub whose thread it ends at random moments. It has as little memory as a thread soon eats. */
async function killThreads({ file, journal }: KillFiles): Promise<void> {
  // With a large young generation the thread would pass its limit by so much at once that Node.js ends the whole process.
  const { stdout } = await runProgram(
    [
      "--max-old-space-size=128",
      "--max-semi-space-size=1",
      killOwnThread,
      file,
      journal,
      String(cycles),
    ],
    { env: hungryEnvironment },
  );
  const { killed, outOfMemory } = JSON.parse(stdout);
  console.log(`the thread was killed ${killed} times, and ran out of memory ${outOfMemory} times`);
  expect(killed + outOfMemory).toBe(cycles);
  expect(outOfMemory).toBeGreaterThan(0);
}
