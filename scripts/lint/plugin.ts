import { enginePurity } from "./engine-purity.ts";

/** This repository's own lint rules; oxlint loads them by `jsPlugins` in .oxlintrc.json. */
export default {
  meta: { name: "durabletask" },
  rules: { "engine-purity": enginePurity },
};
