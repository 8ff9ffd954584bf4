import { describe } from "vitest";
import { describeChunks } from "./suites/chunk-suite.ts";
import { describeChildren } from "./suites/child-suite.ts";
import { describeCrashes } from "./suites/crash-suite.ts";
import { describeDurability } from "./suites/durability-suite.ts";
import { describeDispatch } from "./suites/dispatch-suite.ts";
import { describeGenerations } from "./suites/generation-suite.ts";
import { describeHistoryStreams } from "./suites/history-stream-suite.ts";
import { describeHistory } from "./suites/history-suite.ts";
import { describeInsight } from "./suites/insight-suite.ts";
import { describeLeases } from "./suites/lease-suite.ts";
import { describeLimits } from "./suites/limit-suite.ts";
import { describeManagement } from "./suites/management-suite.ts";
import { describePoison } from "./suites/poison-suite.ts";
import { describeRaces } from "./suites/race-suite.ts";
import { describeRecalls } from "./suites/recall-suite.ts";
import { describeReads } from "./suites/read-suite.ts";
import { describeRewind } from "./suites/rewind-suite.ts";
import { describeRewoundPast } from "./suites/rewound-past-suite.ts";
import { describeSessions } from "./suites/session-suite.ts";
import { describeSignals } from "./suites/signal-suite.ts";
import { describeStarts } from "./suites/start-suite.ts";
import { describeTimers } from "./suites/timer-suite.ts";
import { describeTurns } from "./suites/turn-suite.ts";
import type { CreateStore } from "./hub-bench.ts";

/** Everything that a task hub must do, whatever it is stored in. */
export function describeTaskHub(name: string, createStore: CreateStore): void {
  describe(`task hub on ${name}`, () => {
    describe.each(Object.entries(topics))("%s", (_, describeTopic) => {
      describeTopic(createStore);
    });
  });
}

const topics: Readonly<Record<string, (createStore: CreateStore) => void>> = {
  starts: describeStarts,
  turns: describeTurns,
  timers: describeTimers,
  signals: describeSignals,
  children: describeChildren,
  generations: describeGenerations,
  history: describeHistory,
  "streams of history": describeHistoryStreams,
  reads: describeReads,
  management: describeManagement,
  races: describeRaces,
  rewind: describeRewind,
  "rewound past": describeRewoundPast,
  recalls: describeRecalls,
  insight: describeInsight,
  limits: describeLimits,
  dispatch: describeDispatch,
  leases: describeLeases,
  chunks: describeChunks,
  sessions: describeSessions,
  crashes: describeCrashes,
  durability: describeDurability,
  poison: describePoison,
};
