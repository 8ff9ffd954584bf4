import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { fixedPort } from "./fixed-port.ts";

it("a fixed port is free, and none that a system hands out", async () => {
  const port = await fixedPort();
  expect(port).toBeLessThan(32_768);
  const server = createServer().listen(port);
  await once(server, "listening");
  server.close();
  await once(server, "close");
});
