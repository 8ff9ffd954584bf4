/** A process that others cannot do without. */
export interface NeededProcess {
  readonly name: string;
  /** Resolves or rejects when it has ended, in whatever way. */
  end(): Promise<unknown>;
}

/** Waits for what cannot come without these processes. Rejects if one of them ends before. */
export async function whileRunning<T>(
  needed: readonly NeededProcess[],
  awaited: Promise<T>,
): Promise<T> {
  return await Promise.race([awaited, ...needed.map(isOver)]);
}

async function isOver(process: NeededProcess): Promise<never> {
  await process.end();
  throw new Error(`${process.name} ended before it was told to`);
}
