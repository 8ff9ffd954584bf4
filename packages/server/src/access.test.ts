import { get } from "node:https";
import { silentLogger } from "@durabletask/core";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import type { ServeOptions } from "./serve-options.ts";
import { serve } from "./serve.ts";
import { describe, expect, it } from "vitest";
import {
  authority,
  clientCertificate,
  clientKey,
  serverCertificate,
  serverKey,
} from "../test/certificates.ts";
import { answerOf, RawClient } from "../test/raw-client.ts";
import { ScriptedTransport } from "../test/scripted-transport.ts";
import { recordingLogger, serveScripted } from "../test/serve-scripted.ts";

const { startInstance, getWorkItems, completeActivityTask } = TaskHubSidecarService.method;
const tls = { cert: serverCertificate, key: serverKey };

describe("a server that others could reach", () => {
  it.each<[string, ServeOptions]>([
    ["neither TLS nor a token", {}],
    ["a token alone", { tokens: ["secret"] }],
    ["TLS alone", { tls }],
  ])("does not start with %s", async (_, options) => {
    const starting = serve(() => new ScriptedTransport(), { ...options, host: "0.0.0.0" });
    await expect(starting).rejects.toMatchObject({ code: "SERVER_EXPOSED" });
  });

  it.each<[string, ServeOptions]>([
    ["TLS and a token", { tls, tokens: ["secret"] }],
    ["TLS and clients' certificates", { tls: { ...tls, clientCa: authority } }],
    ["an explicit word", { allowInsecure: true }],
  ])("starts with %s", async (_, options) => {
    await using server = await serve(() => new ScriptedTransport(), {
      ...options,
      host: "0.0.0.0",
      logger: silentLogger,
    });
    expect(server.url).toContain("0.0.0.0");
  });

  it.each(["127.0.0.1", "127.1.2.3", "localhost"])("does not exist on %s", async (host) => {
    await using server = await serve(() => new ScriptedTransport(), { host, logger: silentLogger });
    expect(server.url).toMatch(/^http:/u);
  });

  it.each<[string, ServeOptions, RegExp]>([
    ["a port that there is not", { port: 65_536 }, /port/u],
    ["a port that is no whole number", { port: 4001.5 }, /port/u],
    ["no host", { host: "", allowInsecure: true }, /host/u],
    ["a certificate that is none", { tls: { ...tls, cert: "none" } }, /PEM/u],
    ["the key of another certificate", { tls: { ...tls, key: clientKey } }, /own/u],
    ["an authority that is none", { tls: { ...tls, clientCa: "none" } }, /PEM/u],
  ])("says what is wrong with %s", async (_, options, words) => {
    const starting = serve(() => new ScriptedTransport(), options);
    await expect(starting).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(words),
    });
  });

  it("says which port is taken", async () => {
    await using first = await serveScripted();
    const port = Number(new URL(first.url).port);
    const second = serve(() => new ScriptedTransport(), { port });
    await expect(second).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
    const elsewhere = serve(() => new ScriptedTransport(), {
      host: "192.0.2.1",
      allowInsecure: true,
    });
    await expect(elsewhere).rejects.toMatchObject({ code: "ADDRESS_NOT_AVAILABLE" });
  });
});

describe("a server that wants a token", () => {
  const tokens = ["first-token", "second-token"];

  it.each([
    ["no token", {}],
    ["a wrong one", { authorization: "Bearer third-token" }],
    ["a longer one", { authorization: "Bearer first-token-and-more" }],
    ["a part of one", { authorization: "Bearer first" }],
    ["an empty one", { authorization: "Bearer " }],
    ["one in another scheme", { authorization: "Basic first-token" }],
  ])("refuses a call with %s, before it reads the message", async (_, headers) => {
    const logger = recordingLogger();
    await using served = await serveScripted({ tokens, logger });
    await using client = new RawClient(served.url);
    for (const method of [startInstance, getWorkItems, completeActivityTask]) {
      // No message is sent at all.
      const stream = client.open(method, headers);
      expect(await answerOf(stream)).toMatchObject({
        status: 16,
        message: expect.stringContaining("token"),
      });
    }
    const refusals = logger.lines.filter(({ event }) => event === "server.call-refused");
    expect(refusals).toHaveLength(3);
    expect(JSON.stringify(logger.lines)).not.toContain("third-token");
    expect(served.transport.pulls).toBe(0);
  });

  it.each(tokens)("takes each of its tokens", async (token) => {
    await using served = await serveScripted({ tokens });
    await using client = new RawClient(served.url);
    const answer = await answerOf(
      client.send(startInstance, {}, { authorization: `bearer ${token}` }),
    );
    expect(answer.status).toBe(0);
  });

  it("does not take a token that no header could carry", async () => {
    const starting = serve(() => new ScriptedTransport(), { tokens: ["two words"] });
    await expect(starting).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(starting).rejects.not.toThrow(/two words/u);
  });
});

it("wants clients' certificates where it is told whose", async () => {
  await using served = await serveScripted({ tls: { ...tls, clientCa: authority } });
  const url = `${served.url}/healthz`;
  const status = async (options: object) =>
    await new Promise((resolve, reject) => {
      get(url, { ca: authority, ...options }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on("error", reject);
    });
  await expect(status({})).rejects.toThrow(/certificate|ECONNRESET|socket/u);
  expect(await status({ cert: clientCertificate, key: clientKey })).toBe(200);
});

describe("a page in a browser", () => {
  const allowedOrigins = ["https://app.example"];
  const path = "/TaskHubSidecarService/StartInstance";
  const call = (url: string, origin: string) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { origin, "content-type": "application/json", "connect-protocol-version": "1" },
      body: "{}",
    });

  it("may not call from an origin that is not listed, on this machine too", async () => {
    await using served = await serveScripted({ allowedOrigins });
    for (const origin of ["https://evil.example", "null", "http://app.example"]) {
      const response = await call(served.url, origin);
      expect(response.status).toBe(403);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      const preflight = await fetch(`${served.url}${path}`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST" },
      });
      expect(preflight.status).toBe(403);
    }
    await using client = new RawClient(served.url);
    const headers = { origin: "https://evil.example" };
    expect(await answerOf(client.send(startInstance, {}, headers))).toMatchObject({ status: 7 });
  });

  it("may call from a listed one, and may read the answer", async () => {
    await using served = await serveScripted({ allowedOrigins });
    const [origin = ""] = allowedOrigins;
    const preflight = await fetch(`${served.url}${path}`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(
      /x-grpc-web.*authorization.*taskhub/iu,
    );
    const response = await call(served.url, origin);
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe(origin);
    expect(response.headers.get("vary")).toBe("origin");
    expect(response.headers.get("access-control-expose-headers")).toMatch(/grpc-status/iu);
  });

  it("is listed by a whole origin", async () => {
    const starting = serve(() => new ScriptedTransport(), { allowedOrigins: ["app.example"] });
    await expect(starting).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
