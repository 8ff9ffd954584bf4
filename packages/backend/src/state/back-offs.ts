import type { Refusal } from "../dispatch/ready-queue.ts";
import type { WorkStream } from "../dispatch/work-stream.ts";
import type { Delays } from "../time/delays.ts";

/** Abandoned work comes back after this long, doubling up to the second. */
const firstMs = 1_000;
const lastMs = 30_000;

/** How long something that was abandoned for the `times`-th time is kept back. */
export function backOffMs(times: number): number {
  return Math.min(firstMs * 2 ** (times - 1), lastMs);
}

interface BackOff {
  times: number;
  isOver: boolean;
}

/**
 * Which workers have abandoned the turn of an instance since one was committed, and how often: each of them gets it again
 * after a while that grows, all others may have it at once (rule 9).
 */
export class BackOffs {
  readonly #byStream = new Map<WorkStream, BackOff>();

  /** Keeps the turn from a worker for a while; `over` is called at its end. */
  add(stream: WorkStream, delays: Delays, over: () => void): void {
    const backOff = this.#byStream.get(stream) ?? { times: 0, isOver: false };
    this.#byStream.set(stream, backOff);
    backOff.times++;
    backOff.isOver = false;
    delays.after(backOffMs(backOff.times), () => {
      backOff.isOver = true;
      if (stream.end) this.#byStream.delete(stream);
      over();
    });
  }

  keepsFrom(stream: WorkStream): boolean {
    return this.#byStream.get(stream)?.isOver === false;
  }

  /** Who does not get it now, if anybody. */
  get refusal(): Refusal<WorkStream> | undefined {
    const takers = new Set<WorkStream>();
    for (const [stream, { isOver }] of this.#byStream) if (!isOver) takers.add(stream);
    if (takers.size === 0) return undefined;
    const numbers = Array.from(takers, ({ number }) => number);
    return { key: numbers.toSorted((a, b) => a - b).join(), takers };
  }
}
