import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import { isServerStreaming, isUnary } from "@durabletask/core/spi";
import { encodeFrame } from "@durabletask/grpc/spi";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import { addMetadata, type Call, taskHubOf } from "../call.ts";
import type { CallEnd } from "../call-end.ts";
import type { Calls } from "../calls.ts";
import type { Gate } from "../gate.ts";
import type { RequestRoom } from "../request-room.ts";
import type { ServedStream } from "../served-stream.ts";
import type { Settings } from "../settings.ts";
import { timeoutMsOf } from "./grpc-timeout.ts";
import { receive } from "./request.ts";
import { sendError, sendMessage, sendStream } from "./response.ts";

/** Serves a stream if it is a call that it knows; false if somebody else must. */
export type LeanHandler = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  end: CallEnd,
  room: RequestRoom,
) => boolean;

/** Answers are never compressed, and have no limit. */
const maxAnswerBytes = Infinity;

/**
 * gRPC on Node.js's HTTP/2 streams, with nothing in between: a fraction of the time that Connect takes, which handles every
 * protocol (decisions/040). Takes plain gRPC only: what is compressed, comes from a browser or is another protocol is
 * Connect's.
 */
export function createLeanHandler(calls: Calls, gate: Gate, { limits }: Settings): LeanHandler {
  const serve = new Map<string, LeanMethod>();
  for (const method of TaskHubSidecarService.methods) {
    const lean = leanMethod(method, calls, limits.maxMessageBytes);
    if (lean) serve.set(`/${method.parent.typeName}/${method.name}`, lean);
  }
  return (stream, headers, end, room) => {
    const method = serve.get(headers[":path"] ?? "");
    if (!method || !isPlainGrpc(headers)) return false;
    try {
      gate.check(undefined, headers.authorization);
      method(stream, toCall(headers, end, !gate.asksForToken), room);
    } catch (error) {
      // The request is read all the same, so that it ends.
      stream.resume();
      sendError(stream, error);
    }
    return true;
  };
}

type LeanMethod = (stream: ServerHttp2Stream, call: Call, room: RequestRoom) => void;

function leanMethod(method: DescMethod, calls: Calls, maxBytes: number): LeanMethod | undefined {
  const { getWorkItems } = TaskHubSidecarService.method;
  if (method.localName === getWorkItems.localName) {
    return streaming(getWorkItems, maxBytes, (request, call) => calls.work(request, call));
  }
  if (isServerStreaming(method)) {
    return streaming(method, maxBytes, (request, call) => calls.stream(method, request, call));
  }
  if (!isUnary(method)) return undefined;
  return (stream, call, room) => {
    const answer = async (request: MessageShape<DescMessage>) => {
      try {
        const message = await calls.unary(method, request, call);
        sendMessage(stream, encodeFrame(method.output, message, maxAnswerBytes));
      } catch (error) {
        sendError(stream, error);
      }
    };
    const onError = (error: unknown) => sendError(stream, error);
    receive(stream, method.input, { maxBytes, room }, (request) => void answer(request), onError);
  };
}

function streaming<I extends DescMessage, O extends DescMessage>(
  { input, output }: { readonly input: I; readonly output: O },
  maxBytes: number,
  open: (request: MessageShape<I>, call: Call) => ServedStream<MessageShape<O>>,
): LeanMethod {
  return (stream, call, room) => {
    const encode = (message: MessageShape<O>) => encodeFrame(output, message, maxAnswerBytes);
    const answer = (request: MessageShape<I>) =>
      void sendStream(stream, open(request, call), encode);
    receive(stream, input, { maxBytes, room }, answer, (error) => sendError(stream, error));
  };
}

function isPlainGrpc(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"];
  const encoding = headers["grpc-encoding"];
  return (
    headers[":method"] === "POST" &&
    (type === "application/grpc" || type === "application/grpc+proto") &&
    (encoding === undefined || encoding === "identity") &&
    headers.origin === undefined
  );
}

function toCall(headers: IncomingHttpHeaders, end: CallEnd, keepsToken: boolean): Call {
  const metadata: Record<string, string> = {};
  for (const name in headers) addMetadata(metadata, name, headers[name], keepsToken);
  const timeoutMs = timeoutMsOf(one(headers["grpc-timeout"]));
  return { taskHub: taskHubOf(metadata), headers: metadata, timeoutMs, end };
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
