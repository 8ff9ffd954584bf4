import { beforeAll, describe, expect, it } from "vitest";
import { PeerBench } from "./peer-bench.ts";
import {
  clientScenarios,
  mixedScenarios,
  type PeerScenario,
  workerScenarios,
} from "./peer-scenarios.ts";
import { javaSdk, javascriptSdk, pythonSdk, type Sdk, sdks } from "./sdk.ts";

const takesEverything =
  "its worker has no work-item filters, so that it takes what only others can do";

/** What an SDK cannot do, whatever the server. */
const exceptions = new Map<Sdk, Readonly<Record<string, string>>>([
  [pythonSdk, {}],
  [javascriptSdk, {}],
  [
    javaSdk,
    {
      "sees the version of an orchestration": "its orchestration context has no version",
      "serves a TypeScript orchestrator with its activities": takesEverything,
      "calls TypeScript activities from its orchestrator": takesEverything,
    },
  ],
]);

const kinds: Readonly<Record<string, Readonly<Record<string, PeerScenario>>>> = {
  worker: workerScenarios,
  client: clientScenarios,
  "both at once": mixedScenarios,
};

for (const sdk of sdks) {
  const isHere = await sdk.isHere();
  describe(sdk.name, () => {
    if (isHere) beforeAll(() => sdk.prepare(), 300_000);
    for (const [kind, scenarios] of Object.entries(kinds)) {
      describe(kind, () => {
        for (const [title, scenario] of Object.entries(scenarios)) {
          it(title, { timeout: 180_000 }, async ({ skip }) => {
            if (!isHere) skip(`not run: no ${sdk.runtime} here`);
            const reason = exceptions.get(sdk)?.[title];
            if (reason !== undefined) skip(reason);
            await scenario(await PeerBench.open(sdk));
            expect(reason).toBeUndefined();
          });
        }
      });
    }
  });
}
