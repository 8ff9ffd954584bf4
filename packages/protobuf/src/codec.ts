export { decode, encode } from "./binary/binary.ts";
