import type { Hub } from "./state/hub.ts";

/** Numbers about an embedded task hub, for a dashboard or a log line. Counting starts when the hub is opened. */
export interface TaskHubStats {
  /** Instances that have not ended. */
  readonly liveInstances: number;
  /** Turns of orchestrations that wait for a worker. */
  readonly readyTurns: number;
  /** Turns that workers are at. */
  readonly leasedTurns: number;
  /** Turns that wait for something else: an instant, the disk, or the end of a suspension. */
  readonly waitingTurns: number;
  /** Activities that wait for a worker. */
  readonly readyActivities: number;
  /** Activities that workers are at. */
  readonly leasedActivities: number;
  /** Activities that wait for the disk. */
  readonly waitingActivities: number;
  /** How long the oldest of the ready items has been ready, in milliseconds. Absent if none is. */
  readonly oldestReadyMs: number | undefined;
  /** Timers, scheduled starts and back-offs that are to come. */
  readonly alarms: number;
  /** Open streams of work. */
  readonly streams: number;
  /** Transactions since the hub was opened. */
  readonly commits: number;
  /** How long a commit takes, in milliseconds: the mean of the last hundred. Absent before the first. */
  readonly millisecondsPerCommit: number | undefined;
  /** The number of the newest row of the log. */
  readonly rows: number;
  /** Events of live instances that are kept in memory. */
  readonly historyEvents: number;
}

/** Looks at every live instance: nothing is counted while work goes on. */
export function statsOf(hub: Hub): TaskHubStats {
  const turns = { ready: 0, leased: 0, waiting: 0 };
  const activities = { ready: 0, leased: 0, held: 0, over: 0 };
  let oldest = Infinity;
  for (const lease of hub.leases.values()) if (lease.kind === "turn") turns.leased++;
  for (const instance of hub.instances.values()) {
    if (instance.isQueued) {
      turns.ready++;
      oldest = Math.min(oldest, instance.readySince);
    } else if (!instance.turn && instance.inbox.length > 0) turns.waiting++;
    for (const activity of instance.activities.values()) count(activity);
  }
  for (const activity of hub.detached.values()) count(activity);
  return {
    liveInstances: hub.instances.size,
    readyTurns: turns.ready,
    leasedTurns: turns.leased,
    waitingTurns: turns.waiting,
    readyActivities: activities.ready,
    leasedActivities: hub.leases.size - turns.leased,
    waitingActivities: activities.held,
    oldestReadyMs: oldest < Infinity ? Math.max(hub.clock.now() - oldest, 0) : undefined,
    alarms: hub.alarms.size + hub.delays.size,
    streams: hub.dispatcher.streams,
    commits: hub.journal.commits,
    millisecondsPerCommit: hub.journal.millisecondsPerCommit,
    rows: hub.journal.rows,
    historyEvents: hub.histories.size,
  };

  function count({ state, readySince }: { state: keyof typeof activities; readySince: number }) {
    activities[state]++;
    if (state === "ready") oldest = Math.min(oldest, readySince);
  }
}
