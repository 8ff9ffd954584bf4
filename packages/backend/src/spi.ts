export { VirtualClock } from "./time/virtual-clock.ts";
