import { sessionScope } from "../platform.ts";

/**
 * While a worker runs, rejections that belong to an orchestration never end the process (E12): a helper that fails in one
 * turn and is awaited in a later one is ordinary code. All others go where they would go without a worker.
 */
let claims = 0;

/** Begins to claim, until the returned function is called. Calls nest. */
export function claimRejections(): () => void {
  if (claims === 0) process.on("unhandledRejection", claim);
  claims += 1;
  let isReleased = false;
  return () => {
    if (isReleased) return;
    isReleased = true;
    claims -= 1;
    if (claims === 0) process.off("unhandledRejection", claim);
  };
}

function claim(reason: unknown): void {
  if (sessionScope.getStore() !== undefined) return;
  // Another listener has taken over from the platform already.
  if (process.listenerCount("unhandledRejection") > 1) return;
  // As the platform would: from here it becomes an uncaught exception.
  throw reason instanceof Error
    ? reason
    : new Error(`a promise was rejected with ${String(reason)}, and nobody handled it`);
}
