import { urlScheme } from "./url_scheme.ts";

/** A URL in quotes: all of it, whatever characters it has. */
const QUOTED = /"([a-z][a-z0-9+.-]{0,30}:\/\/(?:[^"\\]|\\.){0,2048})"/gi;
/**
 * A URL in a text: up to a blank, a quote or a bracket, without the punctuation
 * of the sentence that it stands in.
 */
const URLS = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'`<>]*[^\s"'`<>(),.:;]/gi;

/**
 * What an address is called wherever it is shown, logged or reported: a path as
 * it is, a URL without user, password, the values of its query and its fragment.
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
  // A password that nobody encoded may hold any of these characters.
  const [before, ...after] = rest.split(/[?#]/);
  if (after.some((part) => part.includes("@"))) return `${start}…`;
  const shown = before.slice(before.lastIndexOf("@") + 1);
  return `${start}${shown}${after.length > 0 ? "?…" : ""}`;
}

/** A text in which each URL is as {@linkcode shownName} has it. */
export function withoutSecrets(text: string): string {
  return text.replace(QUOTED, (_, url) => `"${shownName(url)}"`)
    .replace(URLS, (url) => shownName(url));
}

/**
 * An error of somebody else, as a cause of one of ours: with the same messages
 * and codes if there is a secret in one of them, else as it is.
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
