import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("tries again what the policy says, and nothing else", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "  GET /busy 503",
    "  GET /busy 503",
    "  GET /busy 200",
    "  GET /down 503",
    "  GET /down 503",
    "  GET /down 503",
    "  GET /down 503",
    "  GET /gone 404",
    "  GET /secret 401",
    "hello from /busy",
    '/down: HttpError {"status":503} (4 x)',
    '/gone: HttpError {"status":404} (1 x)',
    "/secret: NonRetriableError {} (1 x)",
  ]);
  expect(stderr).toBe("");
});
