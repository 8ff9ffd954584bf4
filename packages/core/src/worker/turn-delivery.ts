import type { OrchestratorResponse, WorkItem } from "@durabletask/protobuf";
import { partsOf, sizeOf } from "./completion-parts.ts";
import type { Completion, Delivery } from "./delivery.ts";
import { tooLargeTurn } from "./too-large.ts";
import type { WorkerServices } from "./work-item-handler.ts";

/**
 * Brings what came of a turn to the hub in parts, one after the other, each with tries of its own: the hub gathers them. Gives
 * whether the hub has all of it. Never rejects.
 */
export async function deliverParts(
  services: WorkerServices,
  item: WorkItem,
  response: OrchestratorResponse,
): Promise<boolean> {
  const { delivery, settings } = services;
  for (const part of partsOf(response, settings.maximumCompletionBytes)) {
    const bytes = sizeOf(part);
    const isUsual = part.chunkIndex === undefined && bytes <= settings.maximumCompletionBytes;
    const refused = (refusal: unknown): Promise<unknown> =>
      delivery.complete(completionOf(services, item, tooLargeTurn(part, bytes, refusal)));
    const completion = completionOf(services, item, part);
    // oxlint-disable-next-line no-await-in-loop -- the hub gathers parts in their order
    const isTaken = await delivery.complete(isUsual ? completion : { ...completion, refused });
    if (!isTaken) return false;
  }
  return true;
}

/** What came of a turn, or a part of it, as it is delivered. */
export function completionOf(
  { hub, delivery }: WorkerServices,
  item: WorkItem,
  response: OrchestratorResponse,
): Completion {
  const { completionToken } = item;
  return {
    send: (options) =>
      isStray(item, delivery) ? Promise.resolve() : hub.completeOrchestratorTask(response, options),
    abandon: () => hub.abandonTaskOrchestratorWorkItem({ completionToken }),
    fields: { instanceId: response.instanceId },
  };
}

/**
 * Whether a turn is not to be completed any more: it came without a token on a stream that was lost since. The hub would take its
 * completion for that of a later turn, whose events this one has not seen; it hands out the turn again anyway.
 */
export function isStray(item: WorkItem, { carried }: Delivery): boolean {
  return item.completionToken === "" && carried.has(item);
}
