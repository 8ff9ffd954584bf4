import { compareVersions } from "../version.ts";
import type { WorkerVersioning } from "./options.ts";

/** Why an orchestration of this version does not fit the worker, in the family's words; `undefined` if it does. */
export function versionMismatch(
  version: string | undefined,
  { version: own, matchStrategy = "none" }: WorkerVersioning,
): string | undefined {
  const order = compareVersions(version, own);
  const orchestration = `The orchestration version '${version ?? ""}'`;
  if (matchStrategy === "strict" && order !== 0) {
    return `${orchestration} does not match the worker version '${own ?? ""}'.`;
  }
  if (matchStrategy === "currentOrOlder" && order > 0) {
    return `${orchestration} is greater than the worker version '${own ?? ""}'.`;
  }
  return undefined;
}
