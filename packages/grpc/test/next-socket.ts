import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** The socket that is opened next in this process. */
export function nextSocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const onSocket = (message: unknown): void => {
      unsubscribe("net.client.socket", onSocket);
      // What the channel of Node.js carries.
      resolve((message as { readonly socket: Socket }).socket);
    };
    subscribe("net.client.socket", onSocket);
  });
}
