/** An error in the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The part of an error message before its first colon. */
const HEAD = /^(?:[^":]|"(?:[^"\\]|\\.)*"|:(?! ))*/;

/** Reads the value of an option; a `RangeError` becomes a `UsageError`. */
export function readOption<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = error.message.replace(
      HEAD,
      (head) => `${head} (${option})`,
    );
    throw new UsageError(message, { cause: error });
  }
}
