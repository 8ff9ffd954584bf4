export { serveThroughConnect } from "./serve.ts";
