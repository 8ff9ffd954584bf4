/**
 * Compares two versions, as .NET does: negative if the first is older, positive if it is newer, 0 if they are the same.
 *
 * No version is older than any version. Two that are numbers with dots (two to four of them) are compared number by number,
 * where a missing one is older than 0: `1.0` is older than `1.0.0`. Everything else is compared as text without regard to
 * case. `TaskOrchestrationVersioningUtils.CompareVersions` in .NET; other SDKs differ in details.
 */
export function compareVersions(first: string | undefined, second: string | undefined): number {
  const a = first?.trim() ?? "";
  const b = second?.trim() ?? "";
  if (a === "" || b === "") return Number(a !== "") - Number(b !== "");
  const numbersA = numbersOf(a);
  const numbersB = numbersOf(b);
  if (numbersA === undefined || numbersB === undefined) {
    return compareText((first ?? "").toUpperCase(), (second ?? "").toUpperCase());
  }
  for (let part = 0; part < 4; part += 1) {
    const difference = (numbersA[part] ?? -1) - (numbersB[part] ?? -1);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

/** Two to four numbers that fit into 32 bits, as `System.Version` reads them; otherwise `undefined`. */
function numbersOf(version: string): readonly number[] | undefined {
  if (!/^\d+(?:\.\d+){1,3}$/u.test(version)) return undefined;
  const numbers = version.split(".").map(Number);
  return numbers.every((number) => number <= 0x7fff_ffff) ? numbers : undefined;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
