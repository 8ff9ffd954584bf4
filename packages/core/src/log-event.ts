/**
 * The stable names of what is logged, in the field `event` of each line: safe to filter and to count by. Lines about an
 * instance have its id in `instanceId`. `docs/logging.md` lists them with their levels and fields.
 */
export type LogEvent =
  | "worker.connected"
  | "worker.disconnected"
  | "worker.stopped"
  | "worker.error"
  | "turn.started"
  | "turn.completed"
  | "turn.missed"
  | "turn.rejected"
  | "turn.failed"
  | "activity.started"
  | "activity.completed"
  | "activity.failed"
  | "activity.interrupted"
  | "completion.refused"
  | "abandon.refused"
  | "orchestration.non-determinism"
  | "orchestration.moved-outside-turn"
  | "timer.adopted"
  | "call.adopted"
  | "failure-properties.threw"
  | "orchestrator.log"
  | "activity.log"
  | "client.scheduled"
  | "client.raised"
  | "client.suspended"
  | "client.resumed"
  | "client.terminated"
  | "client.purged";
