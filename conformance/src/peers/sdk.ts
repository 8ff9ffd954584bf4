import { existsSync } from "node:fs";
import { join } from "node:path";
import { command, isHere } from "./command.ts";

/** Where what peers need is kept between runs. */
const cache = join(import.meta.dirname, "../../.peers");

/** An SDK of the family in another language, or from another hand, and the application that stands in its folder. */
export interface Sdk {
  readonly name: string;
  /** What has to be on the machine for it. */
  readonly runtime: string;
  /** Whether it is. */
  isHere(): Promise<boolean>;
  /** Downloads and compiles what is missing, as users would. */
  prepare(): Promise<void>;
  /** The program of its application, and its first arguments. */
  readonly program: readonly [string, ...string[]];
}

const environment = join(cache, "python");
const python = join(environment, "bin/python");
const requirements = join(import.meta.dirname, "python/requirements.txt");

export const pythonSdk: Sdk = {
  name: "Python SDK 1.12.0",
  runtime: "python3 with venv",
  isHere: () => isHere("python3", "-c", "import venv, ensurepip"),
  async prepare() {
    if (!existsSync(python)) await command("python3", "-m", "venv", environment);
    if (await isHere(python, "-c", "import durabletask.testing")) return;
    await command(python, "-m", "pip", "install", "--quiet", "--requirement", requirements);
  },
  program: [python, join(import.meta.dirname, "python/peer.py")],
};

const target = join(cache, "java");

export const javaSdk: Sdk = {
  name: "Java SDK 1.5.0",
  runtime: "JDK 17 with Maven",
  isHere: async () => (await isHere("javac", "-version")) && (await isHere("mvn", "-version")),
  async prepare() {
    const pom = join(import.meta.dirname, "java/pom.xml");
    const goals = ["package", "dependency:copy-dependencies"];
    const options = ["--quiet", "--batch-mode", `-Dpeer.target=${target}`];
    await command("mvn", ...options, "--file", pom, ...goals, "-DincludeScope=runtime");
  },
  program: ["java", "-cp", `${target}/classes:${target}/dependency/*`, "peer.Peer"],
};

export const javascriptSdk: Sdk = {
  name: "JavaScript SDK 0.4.0",
  runtime: "Node.js",
  isHere: () => Promise.resolve(true),
  prepare: () => Promise.resolve(),
  program: [process.execPath, join(import.meta.dirname, "javascript/peer.ts")],
};

export const sdks: readonly Sdk[] = [pythonSdk, javaSdk, javascriptSdk];
