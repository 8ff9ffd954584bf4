export * from "./gen/orchestrator_service_pb.ts";
