// All of it is generated from proto/orchestrator_service.proto, and all of it is public: the wire contract has no
// private part.
export * from "./gen/orchestrator_service_pb.ts";
