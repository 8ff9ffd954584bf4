export { VirtualClock } from "@durabletask/core/spi";
