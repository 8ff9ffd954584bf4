import { TaskHubError } from "@durabletask/core";

const noAnswer =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ENOENT)$/u;
const certificate = /CERT|^UNABLE_TO|^ERR_TLS/u;
const notHttp2 = /^(?:ERR_HTTP2_ERROR|ERR_SSL_.*|EPROTO)$/u;
const lost = /^(?:E[A-Z]+|ERR_HTTP2_.*|ERR_STREAM_.*|ERR_SOCKET_.*)$/u;

/**
 * The error of a call whose connection failed, or `undefined` where the platform reports nothing of the kind among the causes
 * of `error`. The outcome of such a call is unknown.
 */
export function connectionFailure(error: unknown, origin: string): TaskHubError | undefined {
  const root = rootOf(error);
  if (root === undefined) return undefined;
  const why = root.message || root.code;
  return new TaskHubError("UNAVAILABLE", sentence(root.code, why, origin), { cause: error });
}

/** The error of a call that ended without a status. */
export function lostCall(origin: string, options?: ErrorOptions): TaskHubError {
  const message = `the connection to ${origin} was lost, or the server dropped the call`;
  return new TaskHubError("UNAVAILABLE", message, options);
}

function sentence(code: string, why: string, origin: string): string {
  if (noAnswer.test(code)) {
    return `no task hub answers at ${origin} (${why}): start one with \`npx @durabletask/cli serve\`, or mend the address`;
  }
  if (certificate.test(code)) {
    return `the certificate of ${origin} is not accepted (${why}): give the authority that signed it as tls.ca`;
  }
  if (notHttp2.test(code)) {
    return `what listens at ${origin} does not answer in HTTP/2 (${why}): is it a gRPC server, and is the scheme the right one?`;
  }
  return `the connection to ${origin} was lost (${why})`;
}

/** The deepest error of the platform's in a chain of causes: Connect and Node.js wrap what really happened. */
function rootOf(error: unknown): (Error & { readonly code: string }) | undefined {
  let root: (Error & { readonly code: string }) | undefined;
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    seen.add(each);
    if (isOfPlatform(each)) root = each;
  }
  return root;
}

function isOfPlatform(error: Error): error is Error & { readonly code: string } {
  if (!("code" in error) || typeof error.code !== "string") return false;
  return [noAnswer, certificate, notHttp2, lost].some((pattern) =>
    pattern.test(String(error.code)),
  );
}
