import { type EmbeddedTaskHub, openMemoryTaskHub } from "@durabletask/backend";
import { type Logger, TaskHubError } from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";
import { checkedName } from "./task-hub-name.ts";

/** Strangers can make task hubs by naming them; each costs a file and memory. */
const maxTaskHubs = 100;

/**
 * The task hubs of one server, each opened at its first call: `default` in the file itself, others in `FILE.<name>` beside
 * it. They stay open until the end, since their timers go on.
 */
export class TaskHubs {
  readonly #file: string | undefined;
  readonly #logger: Logger;
  readonly #hubs = new Map<string, Promise<EmbeddedTaskHub>>();

  /** Without a file they are in memory. */
  constructor(file: string | undefined, logger: Logger) {
    this.#file = file;
    this.#logger = logger;
  }

  /** Rejects with `INVALID_ARGUMENT` for what is no name, `RESOURCE_EXHAUSTED` for one too many. */
  async open(name: string): Promise<EmbeddedTaskHub> {
    const known = this.#hubs.get(name);
    if (known) return await known;
    const checked = checkedName(name);
    return await (this.#hubs.get(checked) ?? this.#make(checked));
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#hubs.values());
    const hubs = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    await Promise.all(hubs.map((hub) => hub.close()));
  }

  #make(name: string): Promise<EmbeddedTaskHub> {
    if (this.#hubs.size >= maxTaskHubs) {
      throw new TaskHubError(
        "RESOURCE_EXHAUSTED",
        `There are ${maxTaskHubs} task hubs already. Use one of them.`,
      );
    }
    const hub = this.#load(name);
    this.#hubs.set(name, hub);
    // What kept it from being opened may be gone at the next call.
    hub.catch(() => this.#hubs.delete(name));
    return hub;
  }

  async #load(name: string): Promise<EmbeddedTaskHub> {
    const logger = this.#logger;
    if (this.#file === undefined) return await openMemoryTaskHub({ logger });
    const file = name === "default" ? this.#file : `${this.#file}.${name}`;
    return await openTaskHub(file, { logger });
  }
}
