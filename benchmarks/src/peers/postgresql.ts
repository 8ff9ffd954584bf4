import { execFileSync } from "node:child_process";
import { chownSync, existsSync, globSync } from "node:fs";
import { delimiter, join } from "node:path";
import { freePort, openServerFolder, ServerProcess } from "./server-process.ts";

/** The folder of PostgreSQL's programs: Debian's newest, or one of the path. */
export function findPostgresql(): string | undefined {
  const debian = globSync("/usr/lib/postgresql/*/bin").sort((a, b) =>
    b.localeCompare(a, "en", { numeric: true }),
  );
  const path = (process.env["PATH"] ?? "").split(delimiter);
  return [...debian, ...path].find((folder) => existsSync(join(folder, "initdb")));
}

/** PostgreSQL as it comes, every commit synced, on a loopback port of its own and a new, empty folder. */
export class Postgresql {
  readonly url: string;
  readonly #programs: string;
  readonly #server: ServerProcess;

  private constructor(programs: string, port: number, server: ServerProcess) {
    this.url = `postgresql://postgres@127.0.0.1:${port}/bench`;
    this.#programs = programs;
    this.#server = server;
  }

  static async start(): Promise<Postgresql> {
    const programs = findPostgresql();
    if (programs === undefined) throw new Error("PostgreSQL is not installed");
    const folder = openServerFolder();
    const options = { ...unprivileged(folder), cwd: folder };
    const data = join(folder, "data");
    const init = ["-D", data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8"];
    execFileSync(join(programs, "initdb"), [...init, "--no-sync"], { ...options, stdio: "pipe" });
    const port = await freePort();
    const server = await ServerProcess.start({
      program: join(programs, "postgres"),
      args: ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", ""],
      options,
      stopSignal: "SIGQUIT",
      isReady: (output) => output.includes("ready to accept connections"),
    });
    return new Postgresql(programs, port, server);
  }

  /** The number of rows that a table has, or that a query starting with its name finds. */
  count(from: string): number {
    const query = `select count(*) from ${from}`;
    return Number(execFileSync(join(this.#programs, "psql"), [this.url, "-Atc", query]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** PostgreSQL refuses to run as root: root hands the folder to the user who owns nothing. */
function unprivileged(folder: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ["-u", "-g"].map((which) => Number(execFileSync("id", [which, "nobody"])));
  if (uid === undefined || gid === undefined) return {};
  chownSync(folder, uid, gid);
  return { uid, gid };
}
