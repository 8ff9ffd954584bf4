/** Where the database of a task hub may run: options for opening it, and a name for tests. */
export const places = [
  { name: "in a thread", thread: true },
  { name: "inline", thread: false },
] as const;
