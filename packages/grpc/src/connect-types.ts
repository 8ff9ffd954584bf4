import type {
  DescMessage,
  DescMethod,
  DescMethodUnary,
  DescMethodStreaming,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";

// What users give of Connect's, by its shape: Connect's own declarations want those of the DOM, which programs for Node.js
// need not have.

/** A transport of Connect's: `Transport` of `@connectrpc/connect` is one. */
export interface ConnectTransport {
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: Record<string, string> | undefined,
    input: MessageInitShape<I>,
  ): Promise<{ readonly message: MessageShape<O> }>;
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: Record<string, string> | undefined,
    input: AsyncIterable<MessageInitShape<I>>,
  ): Promise<{ readonly message: AsyncIterable<MessageShape<O>> }>;
}

/** What an interceptor sees of a call. */
export interface ConnectRequest {
  readonly stream: boolean;
  readonly method: DescMethod;
  readonly url: string;
  readonly header: Headers;
  readonly signal: AbortSignal;
  readonly message: unknown;
}

/** What an interceptor sees of an answer. */
export interface ConnectResponse {
  readonly stream: boolean;
  readonly header: Headers;
  readonly trailer: Headers;
  readonly message: unknown;
}

// As methods, parameters may be narrower: Connect's requests and answers say more than these.
interface Shapes {
  call(request: ConnectRequest): Promise<ConnectResponse>;
  interceptor(next: Shapes["call"]): Shapes["call"];
}

/** An interceptor of Connect's: `Interceptor` of `@connectrpc/connect` is one. */
export type ConnectInterceptor = Shapes["interceptor"];
