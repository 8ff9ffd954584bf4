import type { Worker } from "node:worker_threads";

// From the environment a preload reaches threads too. Memory that SQLite asks for would end the process, not the thread.
const eater = `import{parentPort as p}from"node:worker_threads";p?.on("message",(m)=>{
  if(m.kind==="eat")for(let all={};;)all={all}})`;

/** The environment of a process whose threads eat all the memory that they have when they are told to. */
export const hungryEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(eater).toString("base64")}`,
};

/** Tells a thread of such a process to eat. */
export function runOutOfMemory(thread: Worker): void {
  thread.postMessage({ kind: "eat" });
}
