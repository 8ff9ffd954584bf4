import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type OrchestrationState,
  type Registrable,
  silentLogger,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { createGrpcTransport } from "@durabletask/grpc";
import { serve } from "@durabletask/server";
import { openTaskHub } from "@durabletask/sqlite";
import { onTestFinished } from "vitest";
import { PeerClient } from "./peer-client.ts";
import { PeerProcess } from "./peer-process.ts";
import type { Sdk } from "./sdk.ts";

/** Which part of its application a worker of a peer registers. */
export type Role = "all" | "activities" | "orchestrators";

/** Our server on a SQLite file for the running test, our client, and peers in processes of their own. */
export class PeerBench {
  readonly client: TaskHubClient;
  readonly sdk: Sdk;
  readonly #url: string;

  private constructor(sdk: Sdk, url: string, client: TaskHubClient) {
    this.sdk = sdk;
    this.#url = url;
    this.client = client;
  }

  static async open(sdk: Sdk): Promise<PeerBench> {
    const folder = mkdtempDisposableSync(join(tmpdir(), "durabletask-"));
    const hub = await openTaskHub(join(folder.path, "hub.db"), { logger: silentLogger });
    const server = await serve(() => hub);
    const transport = createGrpcTransport({ baseUrl: server.url });
    onTestFinished(async () => {
      await transport[Symbol.asyncDispose]();
      await server.close();
      await hub.close();
      folder.remove();
    });
    return new PeerBench(sdk, server.url, new TaskHubClient(transport, { logger: silentLogger }));
  }

  get #address(): string {
    return new URL(this.#url).host;
  }

  /** Starts a worker of the peer. */
  async peerWorks(role: Role = "all"): Promise<PeerProcess> {
    const worker = await PeerProcess.start(this.sdk, "worker", this.#address, role);
    onTestFinished(() => worker[Symbol.asyncDispose]());
    return worker;
  }

  /** Starts a client of the peer. */
  async peerCalls(): Promise<PeerClient> {
    const client = await PeerClient.start(this.sdk, this.#address);
    onTestFinished(() => client[Symbol.asyncDispose]());
    return client;
  }

  /** Starts a worker of ours. */
  async weWork(definitions: readonly Registrable[]): Promise<void> {
    const transport = createGrpcTransport({ baseUrl: this.#url });
    const worker = new TaskHubWorker(transport, {
      logger: silentLogger,
      workItemFilters: "auto",
    });
    onTestFinished(async () => {
      await worker.stop();
      await transport[Symbol.asyncDispose]();
    });
    await worker.register(...definitions).start();
  }

  /** Runs an orchestration of the peer to its end. */
  async run(name: string, input?: unknown): Promise<OrchestrationState> {
    return await this.end(await this.client.scheduleNewOrchestration(name, input));
  }

  async end(id: string): Promise<OrchestrationState> {
    return await this.client.waitForOrchestrationCompletion(id, { timeout: { minutes: 2 } });
  }

  /** Waits until an instance shows that it waits for an event. */
  async waits(id: string): Promise<void> {
    for (let look = 0; look < 2000; look += 1) {
      const state = await this.client.getOrchestrationState(id);
      if (state?.customStatus === "waiting") return;
      await new Promise((resolve) => void setTimeout(resolve, 10));
    }
    throw new Error(`${id} does not come to wait`);
  }
}
