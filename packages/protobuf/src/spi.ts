// What our packages use of protobuf-es. As they are published they import it from here, and so share one copy, which is bundled
// into a file of this package: scripts/bundle/dependencies.ts sees to it. In source they import protobuf-es itself.
export { create, fromBinary, fromJson, isMessage, toBinary, toJson } from "@bufbuild/protobuf";
export { durationFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
