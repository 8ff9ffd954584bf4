import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "@durabletask/core";
import { serve, type ServeOptions } from "@durabletask/server";
import { type Command, InvalidOptionArgumentError, Option } from "commander";
import { connectionString } from "./connection-string.ts";
import { createLogger, levels } from "./logger.ts";
import { untilToldToStop } from "./stop-signal.ts";
import { TaskHubs } from "./task-hubs.ts";

/** The flags of `durabletask serve`. */
interface ServeFlags {
  readonly db?: string;
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly allowInsecure?: boolean;
  readonly allowOrigin?: string[];
  readonly drainTimeout: number;
  readonly logLevel: string;
}

/** Adds `durabletask serve`. */
export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("Serve a task hub over gRPC, gRPC-Web and Connect until told to stop.")
    .option("--db <file>", "keep the task hub in this SQLite file (default: in memory)")
    .option("--host <address>", "listen here", "127.0.0.1")
    .option("--port <number>", "listen on this port; 0 takes a free one", wholeNumber, 4001)
    .option("--token-file <file>", "let those in who show a token of this file: one a line")
    .option("--tls-cert <file>", "the server's certificate, in PEM form")
    .option("--tls-key <file>", "its key")
    .option("--tls-client-ca <file>", "want clients' certificates of this authority")
    .option("--allow-insecure", "listen on any address without TLS or tokens")
    .option("--allow-origin <origin...>", "let pages of these origins call from a browser")
    .option("--drain-timeout <seconds>", "when stopping, wait so long for results", wholeNumber, 5)
    .addOption(new Option("--log-level <level>", "what to log").choices(levels).default("info"))
    .action(runServer);
}

async function runServer(flags: ServeFlags): Promise<void> {
  // From the first moment on: a signal may come before the server is ready.
  const told = untilToldToStop();
  const logger = createLogger(flags.logLevel);
  const hubs = new TaskHubs(flags.db, logger);
  try {
    const options = { ...serveOptions(flags), logger };
    // So that a file that cannot be opened is known now, not at the first call.
    await hubs.open("default");
    const server = await serve((name) => hubs.open(name), options);
    const where = flags.db ?? "memory";
    process.stdout.write(`A task hub in ${where} is ready: ${connectionString(server.url)}\n`);
    const signal = await told;
    logger.info?.({ event: "cli.signal", signal }, "told to stop; once more ends at once");
    await server.close();
  } finally {
    await hubs.close();
  }
}

function serveOptions(flags: ServeFlags): ServeOptions {
  const { host, port, tokenFile, allowInsecure = false, allowOrigin = [], drainTimeout } = flags;
  const tls = tlsOf(flags);
  return {
    host,
    port,
    tokens: tokenFile === undefined ? [] : tokensIn(tokenFile),
    allowInsecure,
    allowedOrigins: allowOrigin,
    drainTimeout: { seconds: drainTimeout },
    ...(tls && { tls }),
  };
}

function tlsOf({ tlsCert, tlsKey, tlsClientCa }: ServeFlags): ServeOptions["tls"] {
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new InvalidArgumentError("TLS needs both --tls-cert and --tls-key");
  }
  const clientCa = tlsClientCa === undefined ? undefined : textOf(tlsClientCa);
  return {
    cert: textOf(tlsCert),
    key: textOf(tlsKey),
    ...(clientCa !== undefined && { clientCa }),
  };
}

function tokensIn(file: string): string[] {
  const lines = textOf(file).split(/\r?\n/u);
  const tokens = lines.map((line) => line.trim()).filter((line) => line !== "");
  if (tokens.length === 0) throw new InvalidArgumentError(`There is no token in ${file}`);
  return tokens;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidArgumentError(`${file} cannot be read: ${reason}`);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw new InvalidOptionArgumentError("It must be a whole number.");
  return Number(text);
}
