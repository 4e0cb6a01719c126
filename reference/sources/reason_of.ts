/** Returns the reason of an error of `node:fs`, without call and path. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // "ENOENT: no such file or directory, open 'x'", or, for some calls in Deno,
  // "No space left on device (os error 28)".
  return /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ??
    message.replace(/ \(os error \d+\)$/, "");
}

/**
 * Returns the code of the operating system that an error or the nearest of its
 * causes has, such as `ENOENT`; "" if there is none.
 */
export function errorCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { readonly code?: unknown };
    if (typeof code === "string") return code;
  }
  return "";
}
