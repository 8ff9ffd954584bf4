import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
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
  it("names the activity that holds the event loop while it holds it, and logs it afterwards", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
    expect([status, stdout.trim()]).toEqual([0, "done"]);
    expect(stderr).toMatch(/held for \d\.\d s .*under way: activity 'spin' of busy/u);
    expect(stderr).toContain("worker.event-loop-held");
  });

  it.each([
    ["in a bundle in the form of CommonJS", reading("import.meta.url", "undefined")],
    ["in a bundle without the file of its thread", reading("watchdog-thread", "nothing")],
  ])("%s does not watch, says so, and breaks nothing", (_, flags) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, program], {
      encoding: "utf8",
    });
    expect([status, stdout.trim()]).toEqual([0, "done"]);
    expect(stderr).toContain("worker.watchdog-missing");
    expect(stderr).not.toContain("under way");
  });
});
