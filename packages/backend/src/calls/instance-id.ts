import { TaskHubError } from "@durabletask/core";

const maxLength = 100;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const forbidden = /[/\\#?\u0000-\u001f\u007f-\u009f]/;

/** Refuses ids that the scheduler refuses too, so that what runs here runs there. */
export function checkInstanceId(id: string): void {
  const flaw = flawOf(id);
  if (flaw)
    throw new TaskHubError("INVALID_ARGUMENT", `The instance id ${JSON.stringify(id)} ${flaw}.`);
}

function flawOf(id: string): string | undefined {
  if (id.length > maxLength) return `is longer than ${maxLength} characters`;
  if (id.startsWith("@")) return `begins with "@", which is for entities`;
  if (!id.isWellFormed()) return "is not well-formed Unicode";
  return forbidden.test(id) ? "contains a control character or one of / \\ # ?" : undefined;
}
