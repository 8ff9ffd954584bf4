import type { Socket } from "node:net";

/** What every HTTP/2 connection begins with (RFC 9113, 3.4). No method of HTTP/1.1 begins so. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Looks at the first bytes of a connection, puts them back, and says which protocol they begin. The socket is paused by then:
 * HTTP/2 reads past it, from its handle, and would lose what flows.
 */
export function sniff(socket: Socket, found: (protocol: "http1" | "http2") => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, preface.length);
    const isPreface = seen.subarray(0, length).equals(preface.subarray(0, length));
    if (isPreface && length < preface.length) return;
    socket.off("data", onData);
    socket.pause();
    socket.unshift(seen);
    found(isPreface ? "http2" : "http1");
  };
  socket.on("data", onData);
}
