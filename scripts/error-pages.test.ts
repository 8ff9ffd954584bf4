import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** Codes given to `DurableTaskError` and its subclasses, and the codes of `TaskHubErrorCode`. */
function codesInSource(): Set<string> {
  const codes = new Set<string>();
  const files = globSync("packages/*/src/**/*.ts", { cwd: root });
  for (const file of files.filter((name) => !name.includes(".test") && !name.includes("gen/"))) {
    const source = readFileSync(join(root, file), "utf8");
    const given = source.matchAll(/(?:super|Error)\(\s*"([A-Z]+(?:_[A-Z]+)*)"/gu);
    for (const [, code = ""] of given) codes.add(code);
    const union = /type TaskHubErrorCode =([^;]+);/u.exec(source)?.[1] ?? "";
    for (const [, code = ""] of union.matchAll(/"([A-Z_]+)"/gu)) codes.add(code);
  }
  return codes;
}

describe("docs/errors", () => {
  const pages = globSync("docs/errors/*.md", { cwd: root }).map((file) => basename(file, ".md"));

  it("has a page for every code, and no other", () => {
    expect(pages.toSorted()).toEqual([...codesInSource()].toSorted());
  });

  it.each(pages)("%s says what happened and what to do", (code) => {
    const page = readFileSync(join(root, "docs/errors", `${code}.md`), "utf8");
    expect(page).toMatch(new RegExp(`^# ${code}\\n\\n\\*\\*.+\\*\\*\\n`, "u"));
    expect(page).toContain("## What to do");
  });
});
