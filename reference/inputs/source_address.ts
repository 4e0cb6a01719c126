import { isWebUrl, shownName, SourceError, urlScheme } from "../sources/mod.ts";

/**
 * Returns the address of a source named by the user: an http or https URL, or
 * the path of a file, which may also be given as a `file:` URL.
 *
 * @throws {SourceError} if it is another kind of URL, or not a valid one
 */
export function sourceAddress(text: string): URL | string {
  const scheme = urlScheme(text);
  if (scheme === undefined) return text;
  if (scheme !== "file" && !isWebUrl(text)) {
    throw refusal(text, "expected a path, or an http, https or file URL");
  }
  if (!URL.canParse(text)) throw refusal(text, "it is not a valid URL");
  const url = new URL(text);
  return scheme === "file" ? pathOf(url, text) : url;
}

function pathOf({ host, pathname }: URL, text: string): string {
  if (host !== "") {
    throw refusal(text, `it is on another host, ${JSON.stringify(host)}`);
  }
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    throw refusal(text, "it is not a valid URL");
  }
  return /^\/[a-z]:\//i.test(path) ? path.slice(1) : path; // C:/ of Windows
}

function refusal(text: string, reason: string): SourceError {
  return new SourceError(
    text,
    `Cannot open ${JSON.stringify(shownName(text))}: ${reason}`,
  );
}
