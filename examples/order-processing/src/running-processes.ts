/** A process that others cannot do without. */
export interface NeededProcess {
  /** Resolves or rejects when it has ended, in whatever way. */
  end(): Promise<unknown>;
}

/** Waits for what cannot come without these processes: rejects if one of them ends before. Without that, a demo whose worker broke would wait for ever. */
export async function whileRunning<T>(
  needed: readonly NeededProcess[],
  awaited: Promise<T>,
): Promise<T> {
  return await Promise.race([awaited, ...needed.map(isOver)]);
}

async function isOver(process: NeededProcess): Promise<never> {
  await process.end();
  throw new Error("a process of the demo ended before it was told to");
}
