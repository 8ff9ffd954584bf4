const nothing = () => {};

/** Says nothing, which favours the peer. */
export const silent = {
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
};
