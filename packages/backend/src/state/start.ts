import type { ExecutionStartedEvent } from "@durabletask/protobuf";

/**
 * What an instance keeps of the event that its execution began with. The event itself, and the input with it, is history: it leaves
 * memory with the rest of it.
 */
export type Start = Readonly<
  Pick<
    ExecutionStartedEvent,
    "name" | "version" | "tags" | "parentInstance" | "parentTraceContext" | "orchestrationSpanID"
  >
>;

const noTags: Start["tags"] = {};

/** What to keep of an event. */
export function startOf(event: ExecutionStartedEvent): Start {
  const { name, version, tags, parentInstance, parentTraceContext, orchestrationSpanID } = event;
  return {
    name,
    version,
    tags: isEmpty(tags) ? noTags : tags,
    parentInstance,
    parentTraceContext,
    orchestrationSpanID,
  };
}

/** What to keep of many events that are read one after the other: most instances have nothing in it but the name of their code. */
export class Starts {
  readonly #plain = new Map<string, Start>();

  of(event: ExecutionStartedEvent): Start {
    const start = startOf(event);
    if (start.tags !== noTags || start.parentInstance) return start;
    if (start.parentTraceContext || start.orchestrationSpanID !== undefined) return start;
    const key = JSON.stringify([start.name, start.version]);
    const same = this.#plain.get(key) ?? start;
    this.#plain.set(key, same);
    return same;
  }
}

function isEmpty(tags: Start["tags"]): boolean {
  for (const _ in tags) return false;
  return true;
}
