import { report, workFromArguments } from "../measurement.ts";
import { WireProcess } from "../wire/process.ts";

/** What one measurement of unary calls is told. */
const work = workFromArguments({ calls: 20_000, inFlight: 64, client: "ours", server: "ours" });

const server = new WireProcess("unary-server.ts", { kind: work.server });
const { url } = await server.answer();
const client = new WireProcess("unary-client.ts", { ...work, url, kind: work.client });
await client.answer();
await client.ask("warmUp");
const before = [await server.ask("cpu"), await client.ask("cpu")];
const measured = await client.ask("measure");
const after = [await server.ask("cpu"), await client.ask("cpu")];
const [serverMicros = 0, clientMicros = 0] = after.map(
  ({ micros }, i) => Number(micros) - Number(before[i]?.["micros"]),
);
await Promise.all([server.stop(), client.stop()]);
report({
  callsPerSecond: Number(measured["callsPerSecond"]),
  p50: Number(measured["p50"]),
  clientMicros: clientMicros / work.calls,
  serverMicros: serverMicros / work.calls,
});
