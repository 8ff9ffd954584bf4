export { serve } from "./serve.ts";
export type { ServeOptions, TaskHubServer } from "./serve.ts";
export type { TransportOf } from "./routes.ts";
