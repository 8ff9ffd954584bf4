import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { encodeStatus, toStatus } from "@durabletask/grpc/spi";

const headers: OutgoingHttpHeaders = { ":status": 200, "content-type": "application/grpc" };
const ok: OutgoingHttpHeaders = { "grpc-status": "0" };
// Nothing in gRPC needs a date: each answer would carry another one, and its receiver would read it.
const withTrailers = { waitForTrailers: true, sendDate: false };
const alone = { endStream: true, sendDate: false };

/** Answers a unary call with its one message, framed. */
export function sendMessage(stream: ServerHttp2Stream, frame: Buffer): void {
  if (isGone(stream)) return;
  stream.respond(headers, withTrailers);
  stream.on("wantTrailers", sendOk);
  stream.end(frame);
}

/** Answers a call with an error alone. */
export function sendError(stream: ServerHttp2Stream, error: unknown): void {
  if (isGone(stream)) return;
  stream.respond({ ...headers, ...encodeStatus(toStatus(error)) }, alone);
}

/** Answers a call with a stream of messages. Takes the next one only when the last one has been sent on. */
export async function sendStream<T>(
  stream: ServerHttp2Stream,
  messages: AsyncIterator<T, undefined>,
  encode: (message: T) => Buffer,
): Promise<void> {
  if (isGone(stream)) return;
  stream.respond(headers, withTrailers);
  let trailers = ok;
  stream.once("wantTrailers", () => stream.sendTrailers(trailers));
  try {
    for (let step = await messages.next(); !step.done; step = await messages.next()) {
      if (isGone(stream)) return;
      if (!stream.write(encode(step.value))) await drained(stream);
    }
  } catch (error) {
    trailers = { ...encodeStatus(toStatus(error)) };
  }
  stream.end();
}

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(ok);
}

function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed;
}

/** Resolves when there is room again, or when nobody is there any more. */
function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      stream.off("drain", over).off("close", over);
      resolve();
    };
    stream.on("drain", over).on("close", over);
  });
}
