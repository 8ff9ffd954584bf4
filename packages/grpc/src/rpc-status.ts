import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ErrorDetail } from "@durabletask/core";
import type { Status } from "./status.ts";

const typePrefix = "type.googleapis.com/";

/** The headers in which a status crosses. */
export interface StatusHeaders {
  "grpc-status": string;
  "grpc-message"?: string;
  "grpc-status-details-bin"?: string;
}

/** What a server sends at the end of a call. */
export function encodeStatus(status: Status): StatusHeaders {
  const headers: StatusHeaders = { "grpc-status": String(status.code) };
  // A lone surrogate cannot be encoded.
  if (status.message) headers["grpc-message"] = encodeURIComponent(status.message.toWellFormed());
  if (status.details.length > 0) {
    headers["grpc-status-details-bin"] = Buffer.from(encodeRpcStatus(status)).toString("base64");
  }
  return headers;
}

/** Reads the status from headers or trailers; `undefined` where there is none. */
export function decodeStatus(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Status | undefined {
  const code = headers["grpc-status"];
  if (typeof code !== "string") return undefined;
  return {
    // What is no number is no code of the table either, which means UNKNOWN.
    code: Number(code),
    message: decodeMessage(String(headers["grpc-message"] ?? "")),
    details: decodeDetails(headers["grpc-status-details-bin"]),
  };
}

/** gRPC wants what is badly encoded to be shown as it came. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function decodeDetails(encoded: string | readonly string[] | undefined): readonly ErrorDetail[] {
  if (typeof encoded !== "string") return [];
  try {
    return decodeRpcStatus(Buffer.from(encoded, "base64"));
  } catch {
    // The call has failed already; that its details are garbled must not hide how.
    return [];
  }
}

/** `google.rpc.Status`: code 1, message 2, details 3, each an `Any`: type_url 1, value 2. */
function encodeRpcStatus({ code, message, details }: Status): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Varint).int32(code);
  writer.tag(2, WireType.LengthDelimited).string(message.toWellFormed());
  for (const { type, value } of details) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(typePrefix + type);
    writer.tag(2, WireType.LengthDelimited).bytes(value).join();
  }
  return writer.finish();
}

function decodeRpcStatus(bytes: Uint8Array): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  for (const [field, value] of lengthDelimited(bytes)) {
    if (field === 3) details.push(decodeAny(value));
  }
  return details;
}

function decodeAny(bytes: Uint8Array): ErrorDetail {
  let type = "";
  let value = new Uint8Array();
  for (const [field, content] of lengthDelimited(bytes)) {
    if (field === 1) type = new TextDecoder().decode(content);
    else if (field === 2) value = new Uint8Array(content);
  }
  return { type: type.slice(type.lastIndexOf("/") + 1), value };
}

/** The fields of a message that have a length, with their numbers. */
function* lengthDelimited(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) yield [field, reader.bytes()];
    else reader.skip(wireType, field);
  }
}
