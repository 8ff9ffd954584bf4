import type { ServerHttp2Stream } from "node:http2";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import { TaskHubError } from "@durabletask/core";
import { FrameReader } from "@durabletask/grpc/spi";

/** Receives the one message of a request. Calls back once: with the message, or with what is wrong with it. */
export function receive<I extends DescMessage>(
  stream: ServerHttp2Stream,
  schema: I,
  maxBytes: number,
  onMessage: (message: MessageShape<I>) => void,
  onError: (error: unknown) => void,
): void {
  const reader = new FrameReader(maxBytes);
  let data: Uint8Array | undefined;
  const fail = (error: unknown) => {
    stream.off("data", onData).off("end", onEnd).resume();
    onError(error);
  };
  const onData = (chunk: Buffer) => {
    try {
      reader.push(chunk);
      // Looks at the length as soon as it is there: what is too large is not waited for.
      for (let frame = reader.read(); frame; frame = reader.read()) {
        if (frame.isCompressed)
          throw new TaskHubError(
            "INTERNAL",
            "A message says that it is compressed, and the headers do not say how.",
          );
        if (data)
          throw new TaskHubError(
            "UNIMPLEMENTED",
            "The method takes one message, and there are more.",
          );
        data = frame.data;
      }
    } catch (error) {
      fail(error);
    }
  };
  const onEnd = () => {
    try {
      onMessage(decode(schema, data, reader.unreadBytes));
    } catch (error) {
      onError(error);
    }
  };
  stream.on("data", onData).on("end", onEnd);
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
    return fromBinary(schema, data);
  } catch (cause) {
    const message = `The message is no ${schema.typeName}.`;
    throw new TaskHubError("INVALID_ARGUMENT", message, { cause });
  }
}
