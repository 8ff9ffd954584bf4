/**
 * Where a worker stands with its hub.
 *
 * - `greeting`: it says hello; an answer that does not come in time is a loss.
 * - `streaming`: the stream of work is open.
 * - `draining`: the stream is kept so that work under way keeps its lease; nothing follows it.
 * - `backingOff`: the hub was not reached, or was lost (the stream ended, broke or fell silent); a pause before the next hello.
 * - `closed`: for good.
 *
 * ```
 * greeting ──answered──► streaming ──lost──► backingOff ──rested──► greeting
 *     └───────────────────lost──────────────────►┘
 * streaming ──drain──► draining ──lost, close──► closed
 * greeting, backingOff ──drain, close──► closed
 * ```
 */
export type StreamState =
  | { readonly kind: "greeting"; readonly failures: number }
  | { readonly kind: "streaming"; readonly failures: number }
  | { readonly kind: "draining" }
  | { readonly kind: "backingOff"; readonly failures: number; readonly error: unknown }
  | { readonly kind: "closed" };

/** What happens to it. */
export type StreamEvent =
  | { readonly kind: "answered" | "received" | "rested" | "drain" | "close" }
  | {
      readonly kind: "lost";
      /** Why; `undefined` if the hub has ended the stream. */
      readonly error: unknown;
      /** Whether the stream had lived for so long that the hub was well even if it had no work. */
      readonly wasWell: boolean;
    };

const closed: StreamState = { kind: "closed" };

/**
 * Makes every transition. `failures` counts the tries since a message has last come: a hub that answers hello and then
 * breaks each stream must not be hammered.
 */
export function transition(state: StreamState, event: StreamEvent): StreamState {
  if (event.kind === "close" || state.kind === "closed") return closed;
  switch (state.kind) {
    case "greeting":
      if (event.kind === "answered") return { kind: "streaming", failures: state.failures };
      if (event.kind === "lost") return failed(state.failures, event.error);
      return event.kind === "drain" ? closed : state;
    case "streaming":
      if (event.kind === "received") return { kind: "streaming", failures: 0 };
      if (event.kind === "lost") return failed(event.wasWell ? 0 : state.failures, event.error);
      return event.kind === "drain" ? { kind: "draining" } : state;
    case "draining":
      return event.kind === "lost" ? closed : state;
    case "backingOff":
      if (event.kind === "rested") return { kind: "greeting", failures: state.failures };
      return event.kind === "drain" ? closed : state;
  }
}

function failed(failures: number, error: unknown): StreamState {
  return { kind: "backingOff", failures: failures + 1, error };
}
