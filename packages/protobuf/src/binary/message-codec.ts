import type { Message } from "@bufbuild/protobuf";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** The generated code for one kind of message. */
export interface MessageCodec {
  /** Reads one that ends there. */
  read(reader: Reader, end: number): Message;
  /** Is given no other kind. */
  write(writer: Writer, message: never): void;
}
