import type { LogRow } from "./store.ts";

/** Rows in a block. */
const blockSize = 256;

interface Block {
  readonly rows: (LogRow | undefined)[];
  count: number;
}

/**
 * Rows of a log by their numbers, which are given in order: in blocks, of which those without rows are let go. A map of rows
 * would be copied each time that it has doubled, and spread neighbours over all of its memory.
 */
export class RowBlocks {
  readonly #blocks = new Map<number, Block>();

  get(row: number): LogRow | undefined {
    return this.#blocks.get(Math.floor(row / blockSize))?.rows[row % blockSize];
  }

  add(row: LogRow): void {
    const number = Math.floor(row.row / blockSize);
    let block = this.#blocks.get(number);
    if (!block) {
      block = { rows: [], count: 0 };
      this.#blocks.set(number, block);
    }
    block.rows[row.row % blockSize] = row;
    block.count++;
  }

  delete(row: number): void {
    const number = Math.floor(row / blockSize);
    const block = this.#blocks.get(number);
    if (!block?.rows[row % blockSize]) return;
    block.rows[row % blockSize] = undefined;
    if (--block.count === 0) this.#blocks.delete(number);
  }

  clear(): void {
    this.#blocks.clear();
  }
}
