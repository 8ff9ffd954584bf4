import { type Loads, measureLoads } from "../loads.ts";
import { report, workFromArguments } from "../measurement.ts";
import { peerProgram } from "../peers/installation.ts";
import { Postgresql } from "../peers/postgresql.ts";

/** The application in the peers' folder, whose packages are not there before the first run. */
interface Application {
  start(databaseUrl: string, steps: number): Promise<void>;
  runWorkflow(): Promise<number>;
  stop(): Promise<void>;
}

const loads = workFromArguments<Loads>({
  orchestrations: 2000,
  activities: 5,
  inFlights: [16, 64, 256],
});
await using database = await Postgresql.start();
const application: Application = await import(peerProgram("dbos.ts").href);
await application.start(database.url, loads.activities);
const expected = (loads.activities * (loads.activities - 1)) / 2;
let workflows = 0;
const measurement = await measureLoads(loads, async () => {
  const output = await application.runWorkflow();
  if (output !== expected) throw new Error(`the output is ${output}, not ${expected}`);
  workflows += 1;
});
await application.stop();
const stored = database.count("dbos.workflow_status where status = 'SUCCESS'");
const steps = database.count("dbos.operation_outputs");
if (stored !== workflows || steps !== workflows * loads.activities) {
  throw new Error(`${workflows} workflows ran; the database has ${stored}, and ${steps} steps`);
}
report(measurement);
