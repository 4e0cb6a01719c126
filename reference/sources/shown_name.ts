/** Returns the scheme of a URL in lower case; undefined for any other text. */
export function urlScheme(text: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1].toLowerCase();
}

/** Whether a text is an http or https URL. */
export function isWebUrl(text: string): boolean {
  const scheme = urlScheme(text);
  return scheme === "http" || scheme === "https";
}

/** A URL in quotes, with any characters. */
const QUOTED = /"([a-z][a-z0-9+.-]{0,30}:\/\/(?:[^"\\]|\\.){0,2048})"/gi;
/**
 * A URL in a text: up to a space, quote, or bracket, without the punctuation of
 * the sentence around it.
 */
const URLS = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'`<>]*[^\s"'`<>(),.:;]/gi;

/**
 * Returns the form of an address for messages, logs, and reports: a path
 * unchanged, a URL without user, password, query values, and fragment.
 */
export function shownName(address: string | URL): string {
  const text = String(address);
  const scheme = urlScheme(text);
  if (scheme === undefined) return text;
  const start = text.slice(0, scheme.length + "://".length);
  const rest = text.slice(start.length);
  if (!/[@?#]/.test(rest)) return text;
  if (URL.canParse(text)) {
    const { host, pathname, search } = new URL(text);
    return `${start}${host}${pathname}${search && "?…"}`;
  }
  // A password that is not percent-encoded may contain any of these characters.
  const [before, ...after] = rest.split(/[?#]/);
  if (after.some((part) => part.includes("@"))) return `${start}…`;
  const shown = before.slice(before.lastIndexOf("@") + 1);
  return `${start}${shown}${after.length > 0 ? "?…" : ""}`;
}

/** Replaces each URL in a text by its {@linkcode shownName}. */
export function withoutSecrets(text: string): string {
  return text.replace(QUOTED, (_, url) => `"${shownName(url)}"`)
    .replace(URLS, (url) => shownName(url));
}

/**
 * Returns a foreign error for use as a cause. If one of its messages contains a
 * secret, returns a copy with redacted messages and the same codes.
 */
export function causeWithoutSecrets(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const message = withoutSecrets(cause.message);
  const below = causeWithoutSecrets(cause.cause);
  if (message === cause.message && below === cause.cause) return cause;
  const { code } = cause as { readonly code?: unknown };
  return Object.assign(
    new Error(message, { cause: below }),
    { name: cause.name },
    code === undefined ? {} : { code },
  );
}
