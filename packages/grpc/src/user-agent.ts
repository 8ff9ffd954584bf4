import { createRequire } from "node:module";

/** What calls say of this library, as the other SDKs say it of themselves: `durabletask-typescript/1.2.3`. */
export const userAgent: string = `durabletask-typescript/${version()}`;

function version(): string {
  try {
    const manifest: unknown = createRequire(import.meta.url)("@durabletask/grpc/package.json");
    if (typeof manifest === "object" && manifest !== null && "version" in manifest) {
      return String(manifest.version);
    }
  } catch {
    // A bundle has no manifest beside it. The version is for logs only.
  }
  return "bundled";
}
