import { setTimeout as sleep } from "node:timers/promises";
import { TaskHubError, type TaskHubClient } from "@durabletask/core";
import type { Ledger } from "./ledger.ts";
import { approval } from "./orchestrators.ts";

/** The manager says no to orders above this. */
const creditLimitCents = 5000_00;

/** Plays the manager: reads the mail now and then, and answers each request after a moment's thought. */
export async function answerApprovals(
  client: TaskHubClient,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const { orderId, cents } of ledger.openApprovals(700)) {
      const isApproved = cents <= creditLimitCents;
      if (!(await answer(client, orderId, { isApproved, by: "Grace" }))) continue;
      // Killed before this line, the manager answers again: an event that nobody waits for does no harm.
      ledger.closeApproval(orderId);
    }
    await sleep(100, undefined, { signal }).catch(() => {}); // aborted: the loop ends
  }
}

/** False if the task hub cannot be reached: whether the answer came through is not known, and it is given again later. */
async function answer(
  client: TaskHubClient,
  orderId: string,
  decision: { readonly isApproved: boolean; readonly by: string },
): Promise<boolean> {
  try {
    await client.raiseOrchestrationEvent(orderId, approval, decision);
    return true;
  } catch (error) {
    if (error instanceof TaskHubError && error.code === "UNAVAILABLE") return false;
    throw error;
  }
}
