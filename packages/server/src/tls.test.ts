import { once } from "node:events";
import { createServer, type Server } from "node:tls";
import { silentLogger, type Transport } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { createGrpcTransport, type GrpcAddressOptions, type TlsOptions } from "@durabletask/grpc";
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
import { ScriptedTransport } from "../test/scripted-transport.ts";

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const certificate = { cert: serverCertificate, key: serverKey };

/** An interceptor that does nothing makes Connect carry the messages. */
const paths: readonly [string, GrpcAddressOptions["interceptors"]][] = [
  ["lean", []],
  ["Connect", [(next) => (request) => next(request)]],
];

describe.each(paths)("TLS from the client's side, %s", (_, interceptors) => {
  async function call(
    serverOptions: ServeOptions,
    scheme: string,
    tls: TlsOptions | undefined,
  ): Promise<string> {
    await using server = await serve(() => new ScriptedTransport(), {
      logger: silentLogger,
      ...serverOptions,
    });
    const baseUrl = `${scheme}://${new URL(server.url).host}`;
    await using transport: Transport = createGrpcTransport({
      baseUrl,
      tls,
      interceptors,
      retries: false,
    });
    return await createTaskHubService(transport)
      .hello({})
      .then(
        () => "answered",
        (error: unknown) => String(error),
      );
  }

  it.each(["https", "grpcs"])("is spoken by %s, with an authority of one's own", async (scheme) => {
    const said = await call({ tls: certificate }, scheme, { ca: authority });
    expect(said).toBe("answered");
  });

  it("trusts no certificate that nobody vouches for, unless told to trust any", async () => {
    const said = await call({ tls: certificate }, "https", undefined);
    expect(said).toMatch(
      /the certificate of https:\/\/\S+ is not accepted .* tls\.ca .*UNAVAILABLE/u,
    );
    const anyone = await call({ tls: certificate }, "https", { rejectUnauthorized: false });
    expect(anyone).toBe("answered");
  });

  it("expects the name that it is told", async () => {
    const named = (servername: string) =>
      call({ tls: certificate }, "https", { ca: authority, servername });
    expect(await named("localhost")).toBe("answered");
    expect(await named("other.example")).toContain("is not accepted");
  });

  it("tells the server the name that it means: the host's, unless it is told another", async () => {
    const told: string[] = [];
    const server = createServer({
      ...certificate,
      SNICallback: (name, goOn) => {
        told.push(name);
        goOn(new Error("injected"));
      },
    });
    await once(server.listen(0, "localhost"), "listening");
    for (const servername of [undefined, "other.example"]) {
      await using transport = createGrpcTransport({
        baseUrl: `https://localhost:${portOf(server)}`,
        tls: { servername },
        interceptors,
        retries: false,
      });
      const calling = createTaskHubService(transport).hello({});
      await expect(calling).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
    await once(server.close(), "close");
    expect(told).toEqual(["localhost", "other.example"]);
  });

  it("shows its own certificate where a server asks for one", async () => {
    const server = { tls: { ...certificate, clientCa: authority } };
    const client = { ca: authority, cert: clientCertificate, key: clientKey };
    expect(await call(server, "https", client)).toBe("answered");
    const said = await call(server, "https", { ca: authority });
    expect(said).toMatch(/asks for a certificate .* tls\.cert and tls\.key .*UNAVAILABLE/u);
  });

  it("says which scheme to write where the other one is meant", async () => {
    expect(await call({}, "https", undefined)).toMatch(
      /does not answer in HTTP\/2 \(wrong version number\).* without TLS, write http:\/\/ .*UNAVAILABLE/u,
    );
    expect(await call({ tls: certificate }, "http", undefined)).toMatch(
      /does not answer in HTTP\/2 .* with TLS, write https:\/\/ .*UNAVAILABLE/u,
    );
  });
});
