import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  HistoryEvent,
  OrchestratorAction,
  OrchestratorRequestSchema,
  OrchestratorResponse,
} from "@durabletask/protobuf";
import { event, type ScriptedWorkerRun, turnItem } from "./scripted-worker-run.ts";

type Request = MessageInitShape<typeof OrchestratorRequestSchema>;

/** How turns come: to a session that lives, or with the whole past each time. */
export type Past = "live" | "replayed";

/**
 * One instance on a hub that leaves rewinding to its workers, with the histories that the backend of the Python SDK keeps:
 * a turn is what it took, then what it recorded, then its end.
 */
export class RewritingHub {
  history: HistoryEvent[] = [];
  readonly #run: ScriptedWorkerRun;
  readonly #past: Past;
  #turns = 0;
  #mark = "";

  constructor(run: ScriptedWorkerRun, past: Past) {
    this.#run = run;
    this.#past = past;
  }

  /** Hands out a turn, and does what the worker asks for. Gives the worker's actions. */
  async turn(...fresh: readonly HistoryEvent[]): Promise<readonly OrchestratorAction[]> {
    const begins = this.history.length === 0 ? [] : [turnStarts];
    const newEvents = [...begins, ...fresh];
    const isLive = this.#past === "live" && this.#mark !== "";
    let response = await this.#send(newEvents, !isLive);
    if (response.requiresHistory) response = await this.#send(newEvents, true);
    this.#mark = response.completionToken;
    this.history.push(...newEvents);
    for (const action of response.actions) this.#apply(action);
    const end = this.history.at(-1);
    if (end?.eventType.case === "executionCompleted") this.history.splice(-1, 0, turnEnds);
    else this.history.push(turnEnds);
    return response.actions;
  }

  async #send(newEvents: HistoryEvent[], isWhole: boolean): Promise<OrchestratorResponse> {
    const pastEvents = isWhole ? this.history : [];
    const properties: Request["properties"] = {
      IsExtendedSession: { kind: { case: "boolValue", value: this.#past === "live" } },
      IncludeState: { kind: { case: "boolValue", value: isWhole } },
      HistoryMark: { kind: { case: "stringValue", value: this.#mark } },
    };
    const answered = this.#run.turnResponses.length;
    const item = turnItem(`t${++this.#turns}`, { pastEvents, newEvents, properties });
    await this.#run.send(item);
    const response = this.#run.turnResponses[answered];
    if (response === undefined) throw new Error("the turn was not answered");
    return response;
  }

  #apply({ id, orchestratorActionType: type }: OrchestratorAction): void {
    switch (type.case) {
      case "scheduleTask": {
        const { name, input, tags } = type.value;
        this.history.push(event({ case: "taskScheduled", value: { name, input, tags } }, id));
        break;
      }
      case "createTimer": {
        const { fireAt } = type.value;
        this.history.push(event({ case: "timerCreated", value: { fireAt } }, id));
        break;
      }
      case "createSubOrchestration": {
        const { name, input, instanceId } = type.value;
        const value = { name, input, instanceId };
        this.history.push(event({ case: "subOrchestrationInstanceCreated", value }, id));
        break;
      }
      case "completeOrchestration": {
        const { orchestrationStatus, result, failureDetails } = type.value;
        const value = { orchestrationStatus, result, failureDetails };
        this.history.push(event({ case: "executionCompleted", value }));
        break;
      }
      case "rewindOrchestration":
        this.history = [...type.value.newHistory];
        break;
      default:
        throw new Error(`the hub does not know ${type.case}`);
    }
  }
}

const turnStarts = event({ case: "orchestratorStarted", value: {} });
const turnEnds = event({ case: "orchestratorCompleted", value: {} });
