import { DBOS } from "@dbos-inc/dbos-sdk";

let count = 0;

const sequence = DBOS.registerWorkflow(
  async () => {
    let sum = 0;
    for (let i = 0; i < count; i += 1) {
      sum += await DBOS.runStep(() => Promise.resolve(i), { name: "hello" });
    }
    return sum;
  },
  { name: "sequence" },
);

export async function start(systemDatabaseUrl: string, steps: number): Promise<void> {
  count = steps;
  DBOS.setConfig({ name: "bench", systemDatabaseUrl, logLevel: "error" });
  await DBOS.launch();
}

export async function runWorkflow(): Promise<number> {
  const handle = await DBOS.startWorkflow(sequence)();
  return await handle.getResult();
}

export async function stop(): Promise<void> {
  await DBOS.shutdown();
}
