import { Agent } from "node:http";
import { type Loads, measureLoads } from "../loads.ts";
import { report, workFromArguments } from "../measurement.ts";
import { invoke } from "../peers/restate-client.ts";
import { RestateServer } from "../peers/restate-server.ts";
import { WireProcess } from "../wire/process.ts";

const loads = workFromArguments<Loads>({
  orchestrations: 2000,
  activities: 5,
  inFlights: [16, 64, 256],
});
await using server = await RestateServer.start();
const endpoint = new WireProcess("../../peers/restate.ts", loads);
const { url } = await endpoint.answer();
await server.register(String(url));
const agent = new Agent({ keepAlive: true, maxSockets: Math.max(...loads.inFlights) });
const target = { agent, host: "127.0.0.1", port: server.ingressPort, path: "/bench/sequence" };
const expected = (loads.activities * (loads.activities - 1)) / 2;
let invocations = 0;
const measurement = await measureLoads(loads, async () => {
  const output = await invoke(target);
  if (output !== String(expected)) throw new Error(`the output is ${output}, not ${expected}`);
  invocations += 1;
});
const completed = await server.completed();
if (completed !== invocations) {
  throw new Error(`${invocations} invocations ended; the server has completed ${completed}`);
}
agent.destroy();
await endpoint.stop();
report(measurement);
