// What the programs here use of SDKs that are installed only when they run (`pnpm bench:peers`): so that the rest of them is
// checked like all other code.

declare module "@dbos-inc/dbos-sdk" {
  type Workflow<T> = () => Promise<T>;
  export const DBOS: {
    registerWorkflow<T>(run: Workflow<T>, config: { readonly name: string }): Workflow<T>;
    startWorkflow<T>(workflow: Workflow<T>): () => Promise<{ getResult(): Promise<T> }>;
    runStep<T>(step: () => Promise<T>, config: { readonly name: string }): Promise<T>;
    setConfig(config: {
      readonly name: string;
      readonly systemDatabaseUrl: string;
      readonly logLevel: string;
    }): void;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
  };
}

declare module "@restatedev/restate-sdk" {
  import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

  interface Context {
    run<T>(name: string, action: () => T | Promise<T>): Promise<T>;
  }
  interface Service {
    readonly name: string;
  }
  export function service(definition: {
    readonly name: string;
    readonly handlers: Readonly<Record<string, (ctx: Context) => Promise<unknown>>>;
  }): Service;
  export function createEndpointHandler(options: {
    readonly services: readonly Service[];
    readonly logger: () => void;
  }): (request: Http2ServerRequest, response: Http2ServerResponse) => void;
}
