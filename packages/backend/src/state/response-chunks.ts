import { toBinary } from "@bufbuild/protobuf";
import type { OrchestratorResponse } from "@durabletask/protobuf";
import { OrchestratorResponseSchema } from "@durabletask/protobuf";

const maxChunks = 64;
const maxBytes = 64 * 1024 * 1024;

/** Whether a worker sends what came of a turn in several messages. */
export function isChunk({ isPartial, chunkIndex }: OrchestratorResponse): boolean {
  return isPartial || (chunkIndex ?? 0) > 0;
}

/** What has come of an answer that a worker sends in several messages, until all of it is there (rule 14). */
export class ResponseChunks {
  readonly #byIndex = new Map<number, OrchestratorResponse>();
  #last: number | undefined;
  #bytes = 0;

  /** Takes one more; one that has come already, since its call was tried again, counts once. */
  add(response: OrchestratorResponse): void {
    // One without a number follows what is there.
    const index = response.chunkIndex ?? this.#byIndex.size;
    if (!response.isPartial) this.#last = index;
    if (this.#byIndex.has(index)) return;
    this.#byIndex.set(index, response);
    this.#bytes += toBinary(OrchestratorResponseSchema, response).byteLength;
  }

  /** What is wrong with it, if it is more than this hub takes. */
  get excess(): string | undefined {
    const count = Math.max(this.#byIndex.size, ...Array.from(this.#byIndex.keys(), (i) => i + 1));
    if (count > maxChunks) return `The answer has more than ${maxChunks} parts`;
    if (this.#bytes > maxBytes) return `The answer is larger than ${maxBytes} bytes in all`;
    return undefined;
  }

  /** All of it as one message, once the last part and all before it are there. */
  get whole(): OrchestratorResponse | undefined {
    const last = this.#last === undefined ? undefined : this.#byIndex.get(this.#last);
    if (!last || this.#byIndex.size !== (this.#last ?? 0) + 1) return undefined;
    const parts = [...this.#byIndex].toSorted(([a], [b]) => a - b).map(([, part]) => part);
    const trace = parts.find((part) => part.orchestrationTraceContext)?.orchestrationTraceContext;
    return {
      ...last,
      isPartial: false,
      actions: parts.flatMap((part) => part.actions),
      customStatus: last.customStatus ?? parts[0]?.customStatus,
      orchestrationTraceContext: trace,
    };
  }
}
