import type { HistoryEvent as WireEvent } from "@durabletask/protobuf";
import type { PayloadConverter } from "../converter.ts";
import { type Registrable, type Registry, register } from "../definition/registrable.ts";
import type { RegisteredOrchestrator } from "../engine/program.ts";
import { runEpisode } from "../engine/episode.ts";
import { Session } from "../engine/session.ts";
import { failureOf } from "../failure.ts";
import { silentLogger } from "../logger.ts";
import { enginePlatform } from "../platform.ts";
import { taskLoggers } from "../task-logger.ts";

/** The names of the events that an orchestrator awaits at the end of its history, found by replaying it. */
export async function awaitedEvents(
  orchestrator: Registrable,
  history: readonly WireEvent[],
  converter: PayloadConverter,
): Promise<readonly string[]> {
  const session = new Session(codeOf(orchestrator), {
    converter,
    maximumTimerIntervalMs: 3 * 86_400_000,
    maximumActions: 100_000,
    onNonDeterminism: "abandon",
    ...enginePlatform(),
    failureOf: (thrown) => failureOf(thrown),
    createLogger: taskLoggers(silentLogger, () => ({})),
    warn: () => {},
  });
  await runEpisode(session, history, []);
  return session.awaitedEvents;
}

/** What a definition would register with a worker. */
function codeOf(definition: Registrable): RegisteredOrchestrator {
  let code: RegisteredOrchestrator | undefined;
  const registry: Registry = {
    addActivity: () => {},
    addOrchestrator: (_name, orchestrator) => {
      code = orchestrator;
    },
    addWorkItemHandler: () => {},
  };
  definition[register](registry);
  if (code === undefined) throw new Error("the definition is not one of an orchestrator");
  return code;
}
