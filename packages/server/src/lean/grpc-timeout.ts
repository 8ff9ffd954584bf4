import { TaskHubError } from "@durabletask/core";

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Milliseconds of the header `grpc-timeout`, such as `30S`. Throws `INVALID_ARGUMENT` for what is none. */
export function timeoutMsOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const unit = unitMs[header.at(-1) ?? ""];
  const amount = header.slice(0, -1);
  if (unit === undefined || !/^\d{1,8}$/u.test(amount)) {
    throw new TaskHubError(
      "INVALID_ARGUMENT",
      `"${header.slice(0, 20)}" is no time limit of gRPC.`,
    );
  }
  return Number(amount) * unit;
}
