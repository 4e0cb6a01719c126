import { SourceError } from "../../sources/mod.ts";

/**
 * Returns why a `node:fs` call failed, in one line and without its arguments.
 */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // Node and Bun: "ENOENT: no such file or directory, open 'x'".
  const named = /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1];
  return named ?? message.replace(/ \(os error \d+\)$/, "");
}

/** Runs `body`; its errors become `Cannot <action> "<path>": <reason>`. */
export function tryFile<T>(action: string, path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(
      path,
      `Cannot ${action} ${JSON.stringify(path)}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}
