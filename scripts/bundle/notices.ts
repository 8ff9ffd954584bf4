import { readFileSync } from "node:fs";

/** The notices at the head of the modules that are not ours, which have to be kept where they are bundled. Each comes once. */
export function notices(moduleIds: readonly string[]): string {
  const foreign = moduleIds.filter((id) => /[\\/]node_modules[\\/]/.test(id));
  const all = [...new Set(foreign.map((id) => headOf(readFileSync(id, "utf8"))))];
  // A notice that runs into another comment begins as it does elsewhere.
  const isOther = (notice: string): boolean =>
    !all.some((each) => each !== notice && notice.startsWith(each));
  return all.filter(isOther).join("\n");
}

/** The comment that a module begins with. */
function headOf(code: string): string {
  const lines = code.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines.slice(0, end).join("\n");
}
