import { isWebUrl, shownName } from "../sources/mod.ts";
import { FinalFailure } from "./request_failure.ts";

/** Shorter values are not worth hiding, and occur in ordinary words. */
const SECRET_MIN = 6;

/** Target of a request, with the caller's headers for it. */
export interface RequestTarget {
  /** The URL without user and password. */
  readonly url: string;
  /** Its name in messages. */
  readonly name: string;
  /** The caller's headers for this origin. */
  readonly headers: Headers;
  /** Texts that must not appear in a message, besides URLs themselves. */
  readonly secrets: readonly string[];
}

/** Returns the target for a URL; user and password become a header. */
export function targetOf(
  url: URL,
  given?: RequestInit["headers"],
): RequestTarget {
  const { username, password, search, searchParams } = url;
  const headers = headersOf(given, shownName(url));
  const bare = new URL(url);
  bare.username = bare.password = "";
  if (username !== "" || password !== "") {
    const credentials = new TextEncoder()
      .encode(`${decode(username)}:${decode(password)}`);
    const encoded = btoa(String.fromCharCode(...credentials));
    headers.set("authorization", `Basic ${encoded}`);
  }
  const secrets = [
    ...[...headers.values()].flatMap((value) => [value, ...value.split(" ")]),
    ...searchParams.values(),
    ...search.split("&").map((it) => it.slice(it.indexOf("=") + 1)),
    // A user without a password is a token; otherwise it may be a common word.
    ...[password || username].flatMap((it) => [it, decode(it)]),
  ];
  return {
    url: bare.href,
    name: shownName(url),
    headers,
    secrets: secrets.filter(({ length }) => length >= SECRET_MIN),
  };
}

/**
 * Returns the target of a redirect. The caller's headers are kept only if
 * scheme, host, and port stay the same.
 *
 * @throws {FinalFailure} if the location is not an http or https URL
 */
export function redirected(
  from: RequestTarget,
  location: string,
): RequestTarget {
  const url = URL.canParse(location, from.url)
    ? new URL(location, from.url)
    : undefined;
  if (url === undefined || !isWebUrl(url.href)) {
    throw new FinalFailure(
      `the server redirects to ${JSON.stringify(shownName(location))}, ` +
        "expected an http or https URL",
    );
  }
  const isSame = url.origin === new URL(from.url).origin;
  return targetOf(url, isSame ? from.headers : undefined);
}

/** Replaces the runtime's error for an invalid header: it quotes the value. */
function headersOf(given: RequestInit["headers"], name: string): Headers {
  try {
    return new Headers(given);
  } catch {
    throw new TypeError(
      `Cannot open ${JSON.stringify(name)}: a header has a name or value ` +
        "with characters that are not allowed",
    );
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // It has a percent sign that is not part of an escape.
  }
}
