import { InvalidArgumentError } from "@durabletask/core";
import { expect, it } from "vitest";
import { parseAddress } from "./address.ts";

it.each([
  ["http://localhost:4001", "http://localhost:4001", false],
  ["grpc://localhost:4001/", "http://localhost:4001", false],
  ["https://hub.example", "https://hub.example", true],
  ["grpcs://hub.example:8443", "https://hub.example:8443", true],
  ["GRPCS://Hub.example:8443", "https://hub.example:8443", true],
  ["localhost:4001", "http://localhost:4001", false],
  ["127.0.0.1:4001", "http://127.0.0.1:4001", false],
  ["[::1]:4001", "http://[::1]:4001", false],
  [" hub:4001 ", "http://hub:4001", false],
])("reads %s", (text, origin, isSecure) => {
  expect(parseAddress(text)).toEqual({ origin, isSecure });
});

it.each([
  "",
  "ftp://hub:21",
  "http://",
  "http://hub/path",
  "hub:99999",
  "hub:1?x=1",
  "a b",
  "me:pw@hub:1",
])("refuses %j, and says what is accepted", (text) => {
  expect(() => parseAddress(text)).toThrow(InvalidArgumentError);
  expect(() => parseAddress(text)).toThrow("grpcs://HOST:PORT or HOST:PORT");
});
