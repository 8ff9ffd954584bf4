export { fixedPort } from "./fixed-port.ts";
export { Program, runProgram } from "./program.ts";
export type { Output, ProgramEnd, ProgramOptions } from "./program.ts";
