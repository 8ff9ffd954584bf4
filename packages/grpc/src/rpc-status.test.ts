import { expect, it } from "vitest";
import { decodeStatus, encodeStatus } from "./rpc-status.ts";

it("carries code, message and details", () => {
  const details = [
    { type: "google.rpc.RetryInfo", value: Uint8Array.of(1, 2, 3) },
    { type: "a.B", value: new Uint8Array() },
  ];
  const status = { code: 9, message: "füße 100 % 🎉\n", details };
  const headers = encodeStatus(status);
  expect(Object.values(headers).join("")).toMatch(/^[\x20-\x7e]+$/u);
  expect(decodeStatus({ ...headers })).toEqual(status);
});

it("reads what is badly encoded as well as it can", () => {
  expect(decodeStatus({ "grpc-status": "5", "grpc-message": "100 % %e4" })).toMatchObject({
    code: 5,
    message: "100 % %e4",
  });
  const bad = { "grpc-status": "5", "grpc-status-details-bin": "/////w==" };
  expect(decodeStatus(bad)).toMatchObject({ code: 5, details: [] });
  expect(decodeStatus({ "grpc-status": "five" })?.code).toBeNaN();
  expect(decodeStatus({})).toBeUndefined();
});

it("encodes a message that is no well-formed text", () => {
  const headers = encodeStatus({ code: 2, message: "half \ud83c", details: [] });
  expect(decodeStatus({ ...headers })?.message).toBe("half \ufffd");
});
