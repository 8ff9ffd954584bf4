/** Something that has to hold; it rejects, with the reason as its message, where it does not. */
export interface Check {
  readonly title: string;
  readonly run: () => Promise<unknown>;
}

/**
 * Runs all checks at once, prints a line for each in their order and then `N passed, N failed`. Where one failed, the
 * process will end with status 1.
 */
export async function runChecks(checks: readonly Check[]): Promise<void> {
  const results = await Promise.allSettled(checks.map((check) => check.run()));
  for (const [i, { title }] of checks.entries()) {
    const result = results[i];
    if (result?.status === "fulfilled") console.log(`ok      ${title}`);
    else console.log(`FAILED  ${title}\n${indent(reason(result?.reason))}`);
  }
  const failed = results.filter((result) => result.status === "rejected").length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, "        ");
}
