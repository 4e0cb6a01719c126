import { reasonOf, SourceError } from "../../sources/mod.ts";

/** Runs `body`; its errors become `Cannot <action> "<path>": <reason>`. */
export function tryFile<T>(action: string, path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    // `fileError` would load all of local/ with commands that read a URL.
    if (error instanceof SourceError) throw error;
    throw new SourceError(
      path,
      `Cannot ${action} ${JSON.stringify(path)}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}
