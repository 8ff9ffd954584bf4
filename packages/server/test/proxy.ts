import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** What a proxy does with bytes from one side to the other. */
export type OnBytes = (bytes: Buffer, pair: ProxiedConnection) => void;

/** Two sockets that a proxy joins. */
export interface ProxiedConnection {
  readonly client: Socket;
  readonly server: Socket;
}

/** A network that a test can cut, or that goes silent without a word. */
export class Proxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<ProxiedConnection>();
  #isSilent = false;
  /** From client to server. */
  onRequestBytes: OnBytes = (bytes, { server }) => void server.write(bytes);
  /** From server to client. */
  onAnswerBytes: OnBytes = (bytes, { client }) => void client.write(bytes);

  private constructor(target: URL) {
    this.#server = createServer((client) => this.#join(client, target));
  }

  static async to(url: string): Promise<Proxy> {
    const proxy = new Proxy(new URL(url));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    // It listens on a TCP port.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on nothing comes through, and no end of a connection either. */
  goSilent(): void {
    this.#isSilent = true;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  #join(client: Socket, { hostname, port }: URL): void {
    const server = connect({ host: hostname, port: Number(port), noDelay: true });
    const pair: ProxiedConnection = { client, server };
    this.#pairs.add(pair);
    client.on("data", (bytes: Buffer) => {
      if (!this.#isSilent) this.onRequestBytes(bytes, pair);
    });
    server.on("data", (bytes: Buffer) => {
      if (!this.#isSilent) this.onAnswerBytes(bytes, pair);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => {
        if (!this.#isSilent) other.destroy();
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
    if (this.#server.listening) await once(this.#server, "close");
  }
}
