import type { DescMessage } from "@bufbuild/protobuf";

// Names in generated code. Those of well-known messages have dots.

export function readerName(message: DescMessage): string {
  return `read${message.name}`;
}

export function writerName(message: DescMessage): string {
  return `write${message.name}`;
}

export function constructorName(message: DescMessage): string {
  return `New${message.name}`;
}

const taken = new Set(["reader", "writer", "end", "start", "tag", "message", "unknown", "i"]);

/** Fields are variables under their own names. */
export function variableName(localName: string): string {
  if (taken.has(localName)) throw new Error(`Generated code has a variable ${localName}.`);
  return localName;
}
