import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below what systems hand out by themselves: Linux from 32768, macOS and Windows from 49152. */
const range = { from: 20_000, to: 32_000 };

/**
 * A port for a server that goes and comes back. One that the system chose (port 0) may be another process's by then, a server's or
 * the near end of a connection; and a client that dials it meanwhile may be connected to itself.
 */
export async function fixedPort(): Promise<number> {
  for (;;) {
    const port = randomInt(range.from, range.to);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port), "listening");
  } catch {
    // Somebody has it.
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
