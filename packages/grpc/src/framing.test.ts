import { create } from "@bufbuild/protobuf";
import { GetInstanceRequestSchema } from "@durabletask/protobuf";
import { assert, integer, array, property, uint8Array } from "fast-check";
import { expect, it } from "vitest";
import { encodeFrame, FrameReader } from "./framing.ts";

function framed(data: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(data.length, 1);
  return Buffer.concat([prefix, data]);
}

function readAll(reader: FrameReader): Buffer[] {
  const frames: Buffer[] = [];
  for (let frame = reader.read(); frame; frame = reader.read())
    frames.push(Buffer.from(frame.data));
  return frames;
}

it("reads what was sent, however it is cut on the way", () => {
  const messages = array(uint8Array({ maxLength: 40 }), { maxLength: 8 });
  const cuts = array(integer({ min: 1, max: 30 }), { minLength: 1 });
  assert(
    property(messages, cuts, (sent, lengths) => {
      const bytes = Buffer.concat(sent.map((data) => framed(data)));
      const reader = new FrameReader(40);
      const received: Buffer[] = [];
      for (let at = 0, i = 0; at < bytes.length; i += 1) {
        const length = lengths[i % lengths.length] ?? 1;
        reader.push(bytes.subarray(at, at + length));
        received.push(...readAll(reader));
        at += length;
      }
      expect(received).toEqual(sent.map((data) => Buffer.from(data)));
      expect(reader.unreadBytes).toBe(0);
    }),
  );
});

it("writes what it reads", () => {
  const reader = new FrameReader(100);
  reader.push(encodeFrame(GetInstanceRequestSchema, create(GetInstanceRequestSchema), 100));
  const request = create(GetInstanceRequestSchema, { instanceId: "ä" });
  reader.push(encodeFrame(GetInstanceRequestSchema, request, 100));
  expect(readAll(reader)).toEqual([Buffer.alloc(0), Buffer.from([10, 2, 0xc3, 0xa4])]);
});

it("refuses a message above the limit before it has come", () => {
  const reader = new FrameReader(3);
  reader.push(framed(Buffer.alloc(4)).subarray(0, 5));
  expect(() => reader.read()).toThrow("a message of 4 bytes is not received: readMaxBytes is 3");
  const request = create(GetInstanceRequestSchema, { instanceId: "long" });
  expect(() => encodeFrame(GetInstanceRequestSchema, request, 3)).toThrow("writeMaxBytes is 3");
});

it("refuses what is no frame, and tells a compressed one", () => {
  const reader = new FrameReader(100);
  reader.push(framed(Buffer.from("x"), 1));
  expect(reader.read()).toMatchObject({ isCompressed: true });
  reader.push(Buffer.from("HTTP/1.1 200 OK"));
  expect(() => reader.read()).toThrow("the other side sent no gRPC");
});
