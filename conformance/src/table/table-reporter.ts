import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { markdownTable } from "./markdown.ts";
import { type Outcome, Results } from "./results.ts";

const readme = join(import.meta.dirname, "../../README.md");

/** Which table of the README a file of tests fills. */
const tables: readonly { readonly files: RegExp; readonly title: string }[] = [
  { files: /transport\.test|python-backend/u, title: "transports" },
  { files: /sdks\.conformance/u, title: "SDKs" },
];

/** Prints what passed with whom, and keeps the tables in the README true. */
export class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const { files, title } of tables) {
      const results = new Results();
      for (const module of modules.filter(({ moduleId }) => files.test(moduleId))) {
        for (const test of module.children.allTests()) add(results, test);
      }
      if (results.peers.size < 2) continue;
      const table = markdownTable(results);
      console.log(`\n${title}\n\n${table}`);
      if (results.isComplete) writeTable(title, table);
      else console.log(`\nThe README keeps its table of ${title}: not everything ran and passed.`);
    }
  }
}

function add(results: Results, test: TestCase): void {
  const [peer, , scenario] = path(test);
  if (peer !== undefined && scenario !== undefined) results.add(peer, scenario, outcomeOf(test));
}

/** The titles from the outermost suite to the test. */
function path(test: TestCase): string[] {
  const titles = [test.name];
  for (let above = test.parent; above.type === "suite"; above = above.parent) {
    titles.unshift(above.name);
  }
  return titles;
}

function outcomeOf(test: TestCase): Outcome {
  const result = test.result();
  if (result.state === "passed") return { kind: "passed" };
  if (result.state !== "skipped") return { kind: "failed" };
  const reason = result.note ?? "left out of this run";
  return { kind: reason.startsWith("not run") ? "not run" : "excepted", reason };
}

function writeTable(title: string, table: string): void {
  const text = readFileSync(readme, "utf8");
  const [begin, end] = [`<!-- ${title}: generated -->`, `<!-- ${title}: end -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md has no ${begin}`);
  const written = `${before}${begin}\n\n${table}\n\n${end}${after}`;
  if (written !== text) writeFileSync(readme, written);
}
