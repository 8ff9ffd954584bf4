import { silentLogger } from "@durabletask/core";
import type { Logger, LogLine } from "@durabletask/core";
import type { ServeOptions } from "../src/serve-options.ts";
import { serve, type TaskHubServer } from "../src/serve.ts";
import { ScriptedTransport, type UnaryScript } from "./scripted-transport.ts";

/** A server over a transport that a test holds in its hands. */
export interface ServedScript extends AsyncDisposable {
  readonly url: string;
  readonly server: TaskHubServer;
  readonly transport: ScriptedTransport;
}

export async function serveScripted(
  options: ServeOptions = {},
  script: UnaryScript = {},
): Promise<ServedScript> {
  const transport = new ScriptedTransport(script);
  const server = await serve(() => transport, { logger: silentLogger, ...options });
  return { url: server.url, server, transport, [Symbol.asyncDispose]: () => server.close() };
}

/** A line of the log, with its fields. */
export interface SeenLine {
  readonly level: string;
  readonly event: unknown;
}

/** A logger that keeps what it is told. */
export function recordingLogger(): Logger & { readonly lines: SeenLine[] } {
  const lines: SeenLine[] = [];
  const at =
    (level: string): LogLine =>
    (fields, message) =>
      void lines.push({ level, event: fields["event"], ...fields, message } as never);
  return {
    lines,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}
