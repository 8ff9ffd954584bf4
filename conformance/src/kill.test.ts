import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { finishAndCheck, killOnce } from "./kill-cycles.ts";
import { places } from "./places.ts";
import { temporaryFile } from "./temporary-file.ts";

const cycles = 12;

// The nightly suite does the same a thousand times.
it.each(places)(
  "survives kill -9 at random moments: nothing acknowledged is lost, nothing counts twice; $name",
  async ({ thread }) => {
    const file = temporaryFile();
    const files = { file, journal: `${file}.journal` };
    writeFileSync(files.journal, "");
    for (let cycle = 0; cycle < cycles; cycle++) await killOnce(files, `c${cycle}`, thread);
    const { started } = await finishAndCheck(files);
    expect(started).toBeGreaterThan(cycles);
  },
  60_000,
);
