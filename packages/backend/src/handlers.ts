import {
  getInstance,
  raise,
  resumeInstance,
  suspendInstance,
  terminateInstance,
  waitForInstance,
} from "./calls/instance-calls.ts";
import type { Intake } from "./calls/intake.ts";
import { listInstanceIds } from "./calls/list-call.ts";
import { purge } from "./calls/purge-call.ts";
import { streamHistory } from "./calls/history-call.ts";
import { queryInstances } from "./calls/query-calls.ts";
import { restartInstance } from "./calls/restart-call.ts";
import { rewind } from "./calls/rewind-call.ts";
import { skipGracefulTerminations } from "./calls/skip-terminations-call.ts";
import { startInstance } from "./calls/start-call.ts";
import {
  abandonActivityCall,
  abandonTurn,
  completeActivityCall,
  completeTurn,
  openWorkStream,
} from "./calls/work-calls.ts";
import { Entrance } from "./entrance.ts";
import type { TaskHubHandlers } from "./in-process-transport.ts";
import type { TaskHubHost } from "./task-hub-host.ts";

/** The methods of the service, on the hub that a host keeps open. */
export function handlersOf(host: TaskHubHost, intake: Intake): TaskHubHandlers {
  const entrance = new Entrance(host, intake);
  return {
    hello: entrance.call(async (_, request) => request),
    ...ofInstances(entrance),
    ...ofManagement(host, entrance),
    ...ofWork(host, entrance),
  };
}

function ofInstances(entrance: Entrance): TaskHubHandlers {
  return {
    startInstance: entrance.intakeCall(startInstance, ({ input }) => input),
    getInstance: entrance.call(getInstance),
    waitForInstanceStart: entrance.call((hub, request, options) =>
      waitForInstance(hub, request, "start", options),
    ),
    waitForInstanceCompletion: entrance.call((hub, request, options) =>
      waitForInstance(hub, request, "end", options),
    ),
    raiseEvent: entrance.intakeCall(raise, ({ input }) => input),
    terminateInstance: entrance.intakeCall(terminateInstance, ({ output }) => output),
    suspendInstance: entrance.intakeCall(suspendInstance, ({ reason }) => reason),
    resumeInstance: entrance.intakeCall(resumeInstance, ({ reason }) => reason),
  };
}

function ofManagement(host: TaskHubHost, entrance: Entrance): TaskHubHandlers {
  return {
    queryInstances: entrance.call(queryInstances),
    listInstanceIds: entrance.call(listInstanceIds),
    streamInstanceHistory: (request) => streamHistory(host.hub, request),
    purgeInstances: entrance.call(purge),
    rewindInstance: entrance.call(rewind),
    restartInstance: entrance.call(restartInstance),
    skipGracefulOrchestrationTerminations: entrance.call(skipGracefulTerminations),
    createTaskHub: async ({ recreateIfExists }) => {
      if (recreateIfExists) await host.empty();
      return { $typeName: "CreateTaskHubResponse" };
    },
    deleteTaskHub: async () => {
      await host.empty();
      return { $typeName: "DeleteTaskHubResponse" };
    },
  };
}

function ofWork(host: TaskHubHost, entrance: Entrance): TaskHubHandlers {
  return {
    getWorkItems: (request, options) => openWorkStream(() => host.hub, request, options),
    completeOrchestratorTask: entrance.result(completeTurn),
    completeActivityTask: entrance.result(completeActivityCall),
    abandonTaskOrchestratorWorkItem: entrance.call(abandonTurn),
    abandonTaskActivityWorkItem: entrance.call(abandonActivityCall),
  };
}
