import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Program } from "@durabletask/test-kit";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("./programs/busy-activity.ts", import.meta.url));

/** Flags that let our modules find another text in themselves than theirs. */
function reading(text: string, instead: string): string[] {
  const hooks = `import{registerHooks}from"node:module";registerHooks({load(url,context,next){
    const loaded=next(url,context);
    if(!url.includes("/packages/core/"))return loaded;
    return{...loaded,source:String(loaded.source).replaceAll("${text}","${instead}")}}})`;
  return ["--import", `data:text/javascript;base64,${Buffer.from(hooks).toString("base64")}`];
}

describe("the watchdog", () => {
  it("names the activity that holds the event loop while it holds it, and logs it afterwards", async () => {
    const holding = Program.start([program]);
    await holding.until(({ stderr }) => stderr.includes("under way"));
    holding.input.write("\n");
    await holding.until(({ stderr }) => stderr.includes("worker.event-loop-held"));
    holding.input.end();
    const { stdout, stderr } = await holding.succeeds();
    expect(stdout).toBe("holding\ndone\n");
    expect(stderr).toMatch(/held for \d+\.\d s .*under way: activity 'spin' of busy/u);
  });

  it.each([
    ["in a bundle in the form of CommonJS", reading("import.meta.url", "undefined")],
    ["in a bundle without the file of its thread", reading("watchdog-thread", "nothing")],
  ])("%s does not watch, says so, and breaks nothing", async (_, flags) => {
    const holding = Program.start([...flags, program]);
    await holding.until(({ stdout }) => stdout.includes("holding"));
    // A real wait: a watchdog would have spoken meanwhile.
    await setTimeout(1000);
    holding.input.write("\n");
    await holding.until(({ stderr }) => stderr.includes("worker.watchdog-missing"));
    holding.input.end();
    const { stdout, stderr } = await holding.succeeds();
    expect(stdout).toBe("holding\ndone\n");
    expect(stderr).not.toContain("under way");
  });
});
