export { serve } from "./serve.ts";
export type { TaskHubServer } from "./serve.ts";
export type { ServeOptions, ServerLimits, ServerTls } from "./serve-options.ts";
export type { TransportOf } from "./calls.ts";
export type { ServerLogEvent } from "./log-event.ts";
