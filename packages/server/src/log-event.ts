/** The stable names of what a server logs, in the field `event` of each line. `docs/logging.md` lists them. */
export type ServerLogEvent =
  | "server.listening"
  | "server.stopping"
  | "server.stopped"
  | "server.failed"
  | "server.connection-opened"
  | "server.connection-closed"
  | "server.connection-lost"
  | "server.connection-failed"
  | "server.connections-exceeded"
  | "server.worker-connected"
  | "server.worker-disconnected"
  | "server.call-refused"
  | "server.call-failed"
  | "server.response-failed";
