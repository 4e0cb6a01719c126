/** Returns the reason of an error of `node:fs`, without call and path. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // "ENOENT: no such file or directory, open 'x'", or, for some calls in Deno,
  // "No space left on device (os error 28)".
  return /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ??
    message.replace(/ \(os error \d+\)$/, "");
}
