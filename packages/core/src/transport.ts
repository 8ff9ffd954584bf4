import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";

/**
 * Everything that a client or a worker needs from a task hub, in two methods.
 *
 * The methods are the generated descriptors of `TaskHubSidecarService` (package `@durabletask/protobuf`), so that a
 * wrapper needs to know none of them by name. Whoever implements or wraps a transport keeps to these rules:
 *
 * - messages are immutable to both sides; copy what you change;
 * - a work item is leased when `next()` of the work-item stream resolves; never read ahead of the worker;
 * - a consumer that is done with a stream calls its iterator's `return()`; a lost connection aborts `signal` instead;
 * - a method that the transport lacks fails with a {@link TaskHubError} whose code is `UNIMPLEMENTED`;
 * - every error that crosses is a {@link TaskHubError}, or the `reason` of an aborted signal.
 *
 * What our packages give is a plain object, so that a wrapper may be written as `{ ...inner, unary }`.
 */
export interface Transport extends AsyncDisposable {
  /** Calls a unary method. */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>>;

  /**
   * Calls a server-streaming method. Nothing happens before the first `next()`. Within one process its iterator may be a
   * `ReadyIterator`.
   */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>>;
}

/** What may accompany one call. */
export interface CallOptions {
  /** Aborting it cancels the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call fails with `DEADLINE_EXCEEDED`. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Metadata, lower-case names. `taskhub` selects a task hub where a server has several. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}
