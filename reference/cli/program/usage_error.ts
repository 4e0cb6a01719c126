/** The command line was wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the value of an option: what is wrong with it is a `UsageError`. */
export function readOption<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${error.message} as ${option}`, { cause: error });
  }
}
