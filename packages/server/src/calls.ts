import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@durabletask/core";
import { TaskHubError } from "@durabletask/core";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import type { GetWorkItemsRequest, WorkItem } from "@durabletask/protobuf";
import type { Call } from "./call.ts";
import type { CallFailures } from "./call-failures.ts";
import { atDeadline, deadlineExceeded } from "./deadline.ts";
import { HealthPings } from "./health-pings.ts";
import { ServedStream } from "./served-stream.ts";
import type { Settings } from "./settings.ts";
import { WorkInFlight } from "./work-in-flight.ts";

/** Finds the transport that a call is for. What it throws is the answer of the call. */
export type TransportOf = (taskHub: string) => Transport | Promise<Transport>;

const { getWorkItems, waitForInstanceStart, waitForInstanceCompletion } =
  TaskHubSidecarService.method;

/**
 * Carries calls to the transports they are for, whatever the protocol they came by. Knows which are open, so that a
 * server can close without losing results.
 */
export class Calls {
  readonly #transportOf: TransportOf;
  readonly #settings: Settings;
  readonly #failures: CallFailures;
  readonly #inFlight = new WorkInFlight();
  readonly #workStreams = new Set<ServedStream<WorkItem>>();
  readonly #waits = new Set<Call>();
  #stopping: TaskHubError | undefined;

  constructor(transportOf: TransportOf, settings: Settings, failures: CallFailures) {
    this.#transportOf = transportOf;
    this.#settings = settings;
    this.#failures = failures;
  }

  /** Calls a unary method. Rejects with a {@link TaskHubError}. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    call: Call,
  ): Promise<MessageShape<O>> {
    call.end.whenEnded(() => call.end.abort(cancelled()));
    try {
      if (isWait(method)) this.#wait(call);
      const transport = await this.#transportOf(call.taskHub);
      const answer = transport.unary(method, request, optionsOf(call));
      return await (call.timeoutMs === undefined ? answer : this.#inTime(answer, call));
    } catch (error) {
      throw this.#failures.failureOf(method, call, error);
    } finally {
      call.end.settle();
      this.#waits.delete(call);
      if ("completionToken" in request) this.#inFlight.answered(String(request.completionToken));
    }
  }

  /** Calls a server-streaming method. Nothing happens before the first `next()`. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    call: Call,
  ): ServedStream<MessageShape<O>> {
    const stream: ServedStream<MessageShape<O>> = new ServedStream({
      open: () => this.#open(method, request, call),
      end: call.end,
      failureOf: (error) => this.#failures.failureOf(method, call, error),
      onEnd: () => stopTimer(),
    });
    const stopTimer = this.#endInTime(stream, call);
    return stream;
  }

  /** The stream of work: like any other, with health pings, and what it hands out is kept in mind. */
  work(request: GetWorkItemsRequest, call: Call): ServedStream<WorkItem> {
    const { healthPingMs, clock, log } = this.#settings;
    const tokens = new Set<string>();
    const stream: ServedStream<WorkItem> = new ServedStream({
      open: () => this.#openWork(request, call),
      end: call.end,
      onMessage: (item) => {
        pings.messageSent();
        this.#inFlight.handedOut(item, tokens);
      },
      failureOf: (error) => this.#failures.failureOf(getWorkItems, call, error),
      onEnd: () => {
        stopTimer();
        pings.stop();
        this.#workStreams.delete(stream);
        this.#inFlight.forget(tokens);
        const { taskHub } = call;
        log.write("info", "server.worker-disconnected", "a stream of work has ended", { taskHub });
      },
    });
    const pings = new HealthPings(stream, healthPingMs, clock);
    const stopTimer = this.#endInTime(stream, call);
    this.#workStreams.add(stream);
    return stream;
  }

  /** Hands out no more work, ends what waits, and resolves when the results of the work in flight have come. */
  async drain(timeoutMs: number): Promise<void> {
    const reason = new TaskHubError("UNAVAILABLE", "The server is closing.");
    this.#stopping = reason;
    for (const { end } of this.#waits) end.abort(reason);
    const drained = Promise.withResolvers<void>();
    for (const stream of this.#workStreams) stream.drain(drained.promise, reason);
    const cancel = this.#settings.clock.schedule(drained.resolve, timeoutMs);
    await Promise.race([this.#inFlight.empty(), drained.promise]);
    cancel();
    drained.resolve();
  }

  async #open<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    call: Call,
  ): Promise<AsyncIterator<MessageShape<O>>> {
    const transport = await this.#transportOf(call.taskHub);
    return transport.stream(method, request, optionsOf(call))[Symbol.asyncIterator]();
  }

  async #openWork(request: GetWorkItemsRequest, call: Call): Promise<AsyncIterator<WorkItem>> {
    if (this.#stopping) throw this.#stopping;
    const { taskHub } = call;
    const { log } = this.#settings;
    log.write("info", "server.worker-connected", "a worker has connected", { taskHub });
    return await this.#open(getWorkItems, request, call);
  }

  #wait(call: Call): void {
    if (this.#stopping) throw this.#stopping;
    this.#waits.add(call);
  }

  /** The transport knows the time limit, too. This is for those that forget it, and for the signal. */
  #inTime<T>(answer: Promise<T>, { timeoutMs, end }: Call): Promise<T> {
    // Not a race of two promises: every call comes by here.
    return new Promise((resolve, reject) => {
      const cancel = atDeadline(this.#settings.clock, timeoutMs, () => {
        const error = deadlineExceeded();
        end.abort(error);
        reject(error);
      });
      answer.then(
        (message) => {
          cancel();
          resolve(message);
        },
        (error: unknown) => {
          cancel();
          reject(error);
        },
      );
    });
  }

  #endInTime(stream: Expiring, { timeoutMs }: Call): () => void {
    return atDeadline(this.#settings.clock, timeoutMs, () => stream.expire(deadlineExceeded()));
  }
}

type Expiring = Pick<ServedStream<never>, "expire">;

function isWait(method: DescMethod): boolean {
  return method === waitForInstanceStart || method === waitForInstanceCompletion;
}

function optionsOf({ end, timeoutMs, headers }: Call): CallOptions {
  return { signal: end.signal, timeoutMs, headers };
}

function cancelled(): TaskHubError {
  return new TaskHubError("CANCELLED", "The caller has cancelled the call.");
}
