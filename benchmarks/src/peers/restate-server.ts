import { requireOf } from "./installation.ts";
import { freePort, openServerFolder, ServerProcess } from "./server-process.ts";

/** The server's program, which a package for each platform brings. */
export function findRestate(): string | undefined {
  const platform = `${process.platform}-${process.arch}`;
  try {
    return requireOf("@restatedev/restate-server").resolve(
      `@restatedev/restate-server-${platform}/bin/restate-server`,
    );
  } catch {
    // There is none for this platform.
    return undefined;
  }
}

/** A Restate server of one node as it comes, but without telemetry, on loopback ports and a new, empty folder. */
export class RestateServer {
  readonly ingressPort: number;
  readonly #admin: string;
  readonly #server: ServerProcess;

  private constructor(ingressPort: number, admin: string, server: ServerProcess) {
    this.ingressPort = ingressPort;
    this.#admin = admin;
    this.#server = server;
  }

  static async start(): Promise<RestateServer> {
    const program = findRestate();
    if (program === undefined) throw new Error("Restate has no server for this platform");
    const folder = openServerFolder();
    const [node, ingress, admin] = [await freePort(), await freePort(), await freePort()];
    const server = await ServerProcess.start({
      program,
      args: ["--no-logo", "--listen-mode", "tcp", "--base-dir", folder, "--log-filter", "warn"],
      options: {
        cwd: folder,
        env: {
          RESTATE_DISABLE_TELEMETRY: "true",
          RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
          RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
          RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
        },
      },
      stopSignal: "SIGKILL",
      isReady: async () =>
        (await answers(`http://127.0.0.1:${admin}/health`)) &&
        (await answers(`http://127.0.0.1:${ingress}/restate/health`)),
    });
    return new RestateServer(ingress, `http://127.0.0.1:${admin}`, server);
  }

  /** Tells the server of an endpoint. */
  async register(uri: string): Promise<void> {
    await this.#ask("deployments", { uri });
  }

  /** How many invocations it has completed, by its own tables. */
  async completed(): Promise<number> {
    const query = "select count(*) as n from sys_invocation where status = 'completed'";
    const { rows } = JSON.parse(await this.#ask("query", { query }));
    return rows[0].n;
  }

  async #ask(path: string, question: object): Promise<string> {
    const headers = { "content-type": "application/json", accept: "application/json" };
    const body = JSON.stringify(question);
    const response = await fetch(`${this.#admin}/${path}`, { method: "POST", headers, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`Restate answers ${path} with ${response.status}: ${text}`);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Nobody listens yet.
    return false;
  }
}
