import { InvalidArgumentError } from "@durabletask/core";

/** Where a server listens, and whether it is spoken to in TLS. */
export interface Address {
  /** Such as `http://localhost:4001`: what HTTP/2 connects to, and what messages name. */
  readonly origin: string;
  readonly isSecure: boolean;
}

const accepted =
  "http://HOST:PORT, https://HOST:PORT, grpc://HOST:PORT, grpcs://HOST:PORT or HOST:PORT";

const schemes: ReadonlyMap<string, "http" | "https"> = new Map([
  ["http", "http"],
  ["grpc", "http"],
  ["https", "https"],
  ["grpcs", "https"],
]);

/**
 * Reads an address as people write it. TLS follows the scheme; without one there is none, as in the other SDKs. A port that
 * is left out is that of the scheme, 80 or 443.
 */
export function parseAddress(text: string): Address {
  const [, scheme = "http", rest = ""] =
    /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/isu.exec(String(text).trim()) ?? [];
  const protocol = schemes.get(scheme.toLowerCase());
  const url = protocol === undefined ? null : URL.parse(`${protocol}://${rest}`);
  if (protocol === undefined || url === null || !isBare(url)) {
    throw new InvalidArgumentError(
      `${JSON.stringify(text)} is not the address of a task hub: give ${accepted}`,
    );
  }
  return { origin: url.origin, isSecure: protocol === "https" };
}

/** A path, a query or a password would be dropped without a word. */
function isBare(url: URL): boolean {
  const { hostname, pathname, search, hash, username, password } = url;
  return hostname !== "" && pathname === "/" && `${search}${hash}${username}${password}` === "";
}
