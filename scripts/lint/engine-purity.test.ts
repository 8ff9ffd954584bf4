import { RuleTester } from "oxlint/plugins-dev";
import { describe, it } from "vitest";
import { enginePurity } from "./engine-purity.ts";

RuleTester.describe = describe;
RuleTester.it = it;

function impure(code: string): { code: string; errors: { messageId: string }[] } {
  return { code, errors: [{ messageId: "impure" }] };
}

function platform(code: string): { code: string; errors: { messageId: string }[] } {
  return { code, errors: [{ messageId: "platform" }] };
}

const cases: RuleTester.TestCases = {
  valid: [
    "const due = new Date(1000);",
    "const due = new Date(now.getTime() + 1);",
    "const at = Date.UTC(2026, 0, 1);",
    "function isDate(value: unknown): value is Date { return value instanceof Date; }",
    "const at: Date = turn.now;",
    "let size: typeof Math;",
    "const most = Math.max(1, 2);",
    "function run(setTimeout: () => void): void { setTimeout(); }",
    "import { Date } from './date.ts'; const now = Date.now();",
    "const state = { process: 1 }; state.process += 1;",
    "import { create } from '@bufbuild/protobuf';",
    "export const name = 'node:fs';",
  ],
  invalid: [
    impure("const now = Date.now();"),
    impure("const now = Date['now']();"),
    impure("const now = new Date();"),
    impure("const now = Date();"),
    impure("const Clock = Date; Clock.now();"),
    impure("const { now } = Date;"),
    impure("const chance = Math.random();"),
    impure("const { random } = Math;"),
    impure("setTimeout(() => {}, 1);"),
    impure("const id = crypto.randomUUID();"),
    impure("const home = process.env.HOME;"),
    impure("globalThis.setTimeout(() => {}, 1);"),
    impure("console.log('turn');"),
    impure("const elapsed = performance.now();"),
    platform("import { readFileSync } from 'node:fs';"),
    platform("import fs from 'fs';"),
    platform("import type { Readable } from 'node:stream';"),
    platform("export { join } from 'node:path';"),
    platform("export * from 'node:path';"),
    platform("const fs = await import('node:fs');"),
  ],
};

const languageOptions = { sourceType: "module", parserOptions: { lang: "ts" } } as const;
new RuleTester({ languageOptions }).run("engine-purity", enginePurity, cases);

// On the command line the linter knows the globals of the language, and resolves them elsewhere.
const globals = { Date: "readonly", Math: "readonly", globalThis: "readonly" } as const;
new RuleTester({ languageOptions: { ...languageOptions, globals } }).run(
  "engine-purity, with the globals known",
  enginePurity,
  cases,
);
