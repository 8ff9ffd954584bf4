import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { createEndpointHandler, service } from "@restatedev/restate-sdk";
import { workFromArguments } from "../src/measurement.ts";
import { answerQuestions } from "../src/wire/process.ts";

// The endpoint's process: the server calls it.
const { activities } = workFromArguments({ activities: 5 });

const bench = service({
  name: "bench",
  handlers: {
    sequence: async (ctx) => {
      let sum = 0;
      for (let i = 0; i < activities; i += 1) sum += await ctx.run("hello", () => i);
      return sum;
    },
  },
});

const server = createServer(createEndpointHandler({ services: [bench], logger: () => {} }));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
answerQuestions({ url: `http://127.0.0.1:${port}` });
