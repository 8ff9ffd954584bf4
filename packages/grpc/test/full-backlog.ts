import { once } from "node:events";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";

const program = `
  const { createServer } = require("node:net");
  const { parentPort, workerData } = require("node:worker_threads");
  const server = createServer().listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => {
      Atomics.wait(workerData, 0, 0);
      process.exit();
    });
  });
`;

/**
 * An address where connections are neither made nor refused, as behind a broken network: it listens in a thread that is held before
 * it can take any, and as many wait there as may. Windows refuses those.
 */
export async function openFullBacklog(): Promise<{ readonly url: string } & AsyncDisposable> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(program, { eval: true, workerData: gate });
  const [port] = (await once(thread, "message")) as [number];
  const waiting = Array.from({ length: 8 }, () => connect(port, "127.0.0.1"));
  await Promise.race(waiting.map((socket) => once(socket, "connect")));
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.on("error", () => {}).destroy();
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      await once(thread, "exit");
    },
  };
}
