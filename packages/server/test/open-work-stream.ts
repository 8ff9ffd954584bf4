// A worker that opens its stream of work, says so, and waits to be killed.
import { connect } from "node:http2";

const stream = connect(process.argv[2] ?? "").request({
  ":method": "POST",
  ":path": "/TaskHubSidecarService/GetWorkItems",
  "content-type": "application/grpc",
  te: "trailers",
});
stream.end(Buffer.alloc(5));
console.log("open");
