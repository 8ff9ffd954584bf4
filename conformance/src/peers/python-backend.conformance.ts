import type { Transport } from "@durabletask/core";
import { createGrpcTransport } from "@durabletask/grpc";
import { fixedPort } from "@durabletask/test-kit";
import type { TaskHubUnderTest } from "../transport/task-hub-under-test.ts";
import { describeTransport, type Exceptions } from "../transport/transport-suite.ts";
import { PeerProcess } from "./peer-process.ts";
import { pythonSdk } from "./sdk.ts";

/**
 * The in-memory backend that the Python SDK brings for tests, as a server of somebody else's. Each scenario has one of its own:
 * it begins anew when nobody is connected any more. What it has handed to a stream that was closed meanwhile is lost, and a wait
 * that was given up keeps one of its threads: both would reach into the next scenario.
 */
class PythonBackend implements TaskHubUnderTest {
  #running: Promise<{ readonly process: PeerProcess; readonly baseUrl: string }> | undefined;
  #connections = 0;

  async connect(): Promise<Transport> {
    this.#connections += 1;
    this.#running ??= start();
    const { baseUrl } = await this.#running;
    const transport = createGrpcTransport({ baseUrl });
    return {
      unary: (method, request, options) => transport.unary(method, request, options),
      stream: (method, request, options) => transport.stream(method, request, options),
      [Symbol.asyncDispose]: async () => {
        await transport[Symbol.asyncDispose]();
        this.#connections -= 1;
        if (this.#connections === 0) await this[Symbol.asyncDispose]();
      },
    };
  }

  around(): Promise<TaskHubUnderTest> {
    return Promise.reject(new Error("nothing can be put behind somebody else's backend"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    // It has nothing to keep, and would wait for its threads.
    await (await running)?.process.kill();
  }
}

async function start() {
  // It cannot be asked which one it took.
  const port = await fixedPort();
  const process = await PeerProcess.start(pythonSdk, "backend", String(port));
  return { process, baseUrl: `http://127.0.0.1:${port}` };
}

async function openPythonBackend(): Promise<TaskHubUnderTest> {
  await pythonSdk.prepare();
  return new PythonBackend();
}

const handlers = "it has 10 handler threads, and each open stream and wait takes one";
const lenient = "it accepts signals to instances that do not exist";
const leases = "it gives work that was handed out back to nobody";
const foreign = "nothing can be put behind it that sees what crosses";
const lateToLearn = "it hands work to a stream that has just been closed, and it is lost with it";

const exceptions: Exceptions = {
  "carries the headers of a call": foreign,
  "carries the details of an error, and one that comes in the middle of a stream": foreign,
  "carries a payload of 4 MB there and back": "it receives no message above 4 MB",
  "tells an activity everything about its call": "it passes no tags on to activities",
  "tells who failed, why, and the causes at any depth": "it drops the failure of a child",
  "runs children, side by side and by id": "its states do not name the parent",
  "keeps version, tags and parent": "it passes no version and no tags on to children",
  "gives a state that knows everything": "it sends the custom status when no payloads are wanted",
  "starts at a time to come": "it starts at once, whatever the time",
  "terminates what has not started yet": "it leaves the termination to a worker",
  "says what it does not find": lenient,
  "refuses an id that is taken, and replaces what has ended":
    "it refuses ids of what has ended, too",
  "replaces a running instance when told so": "it does not check the policy for ids",
  "terminates with its children, and takes signals to what has ended":
    "it does not terminate children",
  "tells its history, event by event, in the scheduler's order":
    "it records OrchestratorCompleted, which the scheduler does not",
  "purges with children when told so": "it does not purge children",
  "brings what is under way to its end when it stops": lateToLearn,
  "gives what it cannot end in time to another worker at once": leases,
  "shares the work among several": handlers,
  "does the same with sessions, without, and with hardly any": lateToLearn,
  "finishes what was scheduled while nobody worked": handlers,
  "fails with errors of core, whose code and message cross": lenient,
  "ends a call by its signal, with the reason of the signal": "its waits need a deadline",
  "leases no more work than a worker has asked for": "it does not honour limits",
  "gives work back when a stream is closed": leases,
  "gives work back that is abandoned": leases,
};

const isHere = await pythonSdk.isHere();
describeTransport(
  "Python SDK's backend",
  isHere ? openPythonBackend : { missing: pythonSdk.runtime },
  exceptions,
);
