import { constants } from "node:http2";
import { TaskHubError, type TaskHubErrorCode } from "@durabletask/core";

const noAnswer =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ENOENT)$/u;
/** What a server says of the certificate of this side. */
const ownCertificate = /_ALERT_.*(?:CERT|_CA$)/u;
const certificate = /CERT|^UNABLE_TO|^ERR_TLS/u;
const notHttp2 = /^(?:ERR_HTTP2_ERROR|ERR_SSL_.*|EPROTO)$/u;
/** But for `ERR_HTTP2_STREAM_ERROR`: that is the other side's word on one call. */
const lost = /^(?:E[A-Z]+|ERR_HTTP2_(?!STREAM_ERROR).*|ERR_STREAM_.*|ERR_SOCKET_.*)$/u;

/**
 * The error of a call whose connection failed, or `undefined` where the platform reports nothing of the kind among the causes
 * of `error`. The outcome of such a call is unknown.
 */
export function connectionFailure(error: unknown, origin: string): TaskHubError | undefined {
  const root = rootOf(error);
  if (root === undefined) return undefined;
  // What OpenSSL says begins with where in its source it says so.
  const why = "reason" in root ? String(root.reason) : root.message || root.code;
  return new TaskHubError("UNAVAILABLE", sentence(root.code, why, origin), { cause: error });
}

/** The error of a call that ended without a status. */
export function lostCall(origin: string, options?: ErrorOptions): TaskHubError {
  const message = `the connection to ${origin} was lost, or the server dropped the call`;
  return new TaskHubError("UNAVAILABLE", message, options);
}

/** What gRPC makes of the code with which HTTP/2 reset a stream. Others, CANCEL among them, say that the call was lost. */
const resetCodes: ReadonlyMap<number, TaskHubErrorCode> = new Map([
  [constants.NGHTTP2_PROTOCOL_ERROR, "INTERNAL"],
  [constants.NGHTTP2_INTERNAL_ERROR, "INTERNAL"],
  [constants.NGHTTP2_FLOW_CONTROL_ERROR, "INTERNAL"],
  [constants.NGHTTP2_FRAME_SIZE_ERROR, "INTERNAL"],
  [constants.NGHTTP2_COMPRESSION_ERROR, "INTERNAL"],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM, "RESOURCE_EXHAUSTED"],
  [constants.NGHTTP2_INADEQUATE_SECURITY, "PERMISSION_DENIED"],
]);

/** The error of a call whose stream the other side reset. */
export function resetError(rstCode: number, origin: string, cause: unknown): TaskHubError {
  const code = resetCodes.get(rstCode);
  if (code === undefined) return lostCall(origin, { cause });
  return new TaskHubError(code, resetMessage(rstCode, origin), { cause });
}

function resetMessage(rstCode: number, origin: string): string {
  // Node.js resets calls of its own side with this code, too, and shows them like any other.
  return rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM
    ? `the call to ${origin} is too much at once for its connection: run fewer at a time, or, where the transport is one of your own, raise maxSessionMemory (10 MB) in its nodeOptions`
    : `${origin} reset the call with HTTP/2's code ${rstCode}, without a status of gRPC's`;
}

/** The same where the code is only in the words of Node.js, among the causes of `error`. */
export function resetFailure(error: Error, origin: string): TaskHubError | undefined {
  const { cause } = error;
  const [name] = (cause instanceof Error && /NGHTTP2_\w+/u.exec(cause.message)) || [];
  const codes: Readonly<Record<string, unknown>> = { ...constants };
  const rstCode = name === undefined ? undefined : codes[name];
  return typeof rstCode === "number" ? resetError(rstCode, origin, error) : undefined;
}

/** Whether a server says that it has not begun with a call, as one does that is about to stop: it may be made again, whatever it is. */
export function isRefused(error: unknown): boolean {
  return causesOf(error).some(({ message }) => message.includes("NGHTTP2_REFUSED_STREAM"));
}

function sentence(code: string, why: string, origin: string): string {
  if (noAnswer.test(code)) {
    return `no task hub answers at ${origin} (${why}): start one with \`npx @durabletask/cli serve\`, or mend the address`;
  }
  if (ownCertificate.test(code)) {
    return `${origin} asks for a certificate that it knows (${why}): give one as tls.cert and tls.key`;
  }
  if (certificate.test(code)) {
    return `the certificate of ${origin} is not accepted (${why}): give the authority that signed it as tls.ca`;
  }
  if (notHttp2.test(code)) {
    const scheme = origin.startsWith("https:")
      ? "if it is one without TLS, write http:// or grpc://"
      : "if it is one with TLS, write https:// or grpcs://";
    return `what listens at ${origin} does not answer in HTTP/2 (${why}): is it a gRPC server? ${scheme}`;
  }
  return `the connection to ${origin} was lost (${why})`;
}

/** The deepest error of the platform's in a chain of causes: Connect and Node.js wrap what really happened. */
function rootOf(error: unknown): (Error & { readonly code: string }) | undefined {
  return causesOf(error).findLast(isOfPlatform);
}

function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && !chain.includes(each); each = each.cause) {
    chain.push(each);
  }
  return chain;
}

function isOfPlatform(error: Error): error is Error & { readonly code: string } {
  if (!("code" in error) || typeof error.code !== "string") return false;
  return [noAnswer, certificate, notHttp2, lost].some((pattern) =>
    pattern.test(String(error.code)),
  );
}
