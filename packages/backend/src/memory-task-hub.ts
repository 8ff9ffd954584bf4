import type { EmbeddedTaskHub, EmbeddedTaskHubOptions } from "./embedded-task-hub.ts";
import { openEmbeddedTaskHub } from "./embedded-task-hub.ts";
import { createMemoryStore } from "./store/memory-store.ts";

/** A task hub that forgets everything with its process: for tests, and for work that need not survive. */
export async function openMemoryTaskHub(
  options: EmbeddedTaskHubOptions = {},
): Promise<EmbeddedTaskHub> {
  return await openEmbeddedTaskHub(createMemoryStore(), options);
}
