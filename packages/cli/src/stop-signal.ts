const signals = { SIGINT: 2, SIGTERM: 15 } as const;

/** Resolves when the process is told to stop. When it is told once more, it ends at once. */
export async function untilToldToStop(): Promise<string> {
  return await new Promise((resolve) => {
    let isTold = false;
    for (const [signal, number] of Object.entries(signals)) {
      process.on(signal, () => {
        // As a shell says it of a process that a signal has ended.
        if (isTold) process.exit(128 + number);
        isTold = true;
        resolve(signal);
      });
    }
  });
}
