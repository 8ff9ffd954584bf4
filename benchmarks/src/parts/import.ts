import type { Part } from "../part.ts";

/** What an application pays before its first line runs. */
export const coldImport: Part = {
  name: "import",
  series: [
    {
      title:
        "the package in a fresh process, files in the disk's cache; sizes as they are loaded, not packed",
      work: {},
      contenders: [
        { name: "@microsoft/durabletask-js 0.4.0", program: "peer-import.ts" },
        { name: "@durabletask/core, built", program: "ours-import.ts", target: "<= 40 ms" },
      ],
      figures: [
        { key: "ms", heading: "ms", digits: 1, better: "less" },
        { key: "CPU ms", heading: "CPU ms", digits: 1, better: "less" },
        { key: "own kB", heading: "own kB" },
        { key: "kB", heading: "kB with what it pulls in" },
        { key: "files", heading: "files" },
      ],
    },
  ],
};
