import type { ServerHttp2Stream } from "node:http2";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { TaskHubError } from "@durabletask/core";
import { FrameReader } from "@durabletask/grpc/spi";
import * as codec from "@durabletask/protobuf/codec";
import { type RequestRoom, smallRequestBytes } from "../request-room.ts";

/** What receives a request, and how much of it. */
export interface RequestLimits {
  readonly maxBytes: number;
  readonly room: RequestRoom;
}

/** Receives the one message of a request. Calls back once: with the message, or with what is wrong with it. */
export function receive<I extends DescMessage>(
  stream: ServerHttp2Stream,
  schema: I,
  { maxBytes, room }: RequestLimits,
  onMessage: (message: MessageShape<I>) => void,
  onError: (error: unknown) => void,
): void {
  const reader = new FrameReader(maxBytes);
  let data: Uint8Array | undefined;
  let leave: (() => void) | undefined;
  const onData = (chunk: Buffer) => {
    try {
      reader.push(chunk);
      data = readOn(reader, data);
      if (!leave && reader.expectedBytes > smallRequestBytes) leave = enter(reader.expectedBytes);
    } catch (error) {
      stream.off("data", onData).off("end", onEnd).resume();
      leave?.();
      onError(error);
    }
  };
  const enter = (bytes: number) => {
    stream.pause();
    const letGo = room.take(bytes, () => stream.resume());
    stream.once("close", letGo);
    return letGo;
  };
  const onEnd = () => {
    leave?.();
    try {
      onMessage(decode(schema, data, reader.unreadBytes));
    } catch (error) {
      onError(error);
    }
  };
  stream.on("data", onData).on("end", onEnd);
}

/** Reads what has come. Looks at the length as soon as it is there: what is too large is not waited for. */
function readOn(reader: FrameReader, known: Uint8Array | undefined): Uint8Array | undefined {
  let data = known;
  for (let frame = reader.read(); frame; frame = reader.read()) {
    if (frame.isCompressed)
      throw new TaskHubError(
        "INTERNAL",
        "A message says that it is compressed, and the headers do not say how.",
      );
    if (data)
      throw new TaskHubError("UNIMPLEMENTED", "The method takes one message, and there are more.");
    data = frame.data;
  }
  return data;
}

function decode<I extends DescMessage>(
  schema: I,
  data: Uint8Array | undefined,
  unreadBytes: number,
): MessageShape<I> {
  if (unreadBytes > 0) throw new TaskHubError("INVALID_ARGUMENT", "The message breaks off.");
  if (!data)
    throw new TaskHubError("UNIMPLEMENTED", "The method takes one message, and there is none.");
  try {
    return codec.decode(schema, data);
  } catch (cause) {
    const message = `The message is no ${schema.typeName}.`;
    throw new TaskHubError("INVALID_ARGUMENT", message, { cause });
  }
}
