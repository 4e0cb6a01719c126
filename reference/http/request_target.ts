import { isWebUrl, shownName } from "../sources/mod.ts";
import { FinalFailure } from "./request_failure.ts";

/** Shorter values are not worth hiding, and stand in other words, too. */
const SECRET_MIN = 6;

/** Where a request goes, and the caller's headers that it takes along. */
export interface RequestTarget {
  /** The URL, without user and password. */
  readonly url: string;
  /** Its name in messages. */
  readonly name: string;
  /** The headers that the caller gave for this origin. */
  readonly headers: Headers;
  /** What must not appear in a message, besides what URLs have in them. */
  readonly secrets: readonly string[];
}

/** A request of a URL, whose user and password become a header. */
export function targetOf(url: URL, given?: HeadersInit): RequestTarget {
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
    // A user alone is a token; else words of a message may be called like it.
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
 * Where a redirect leads. What the caller gave for one origin is not for
 * another: it goes along only while scheme, host and port stay the same.
 *
 * @throws {FinalFailure} if that is no URL of a web server
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

/** What the runtimes say of a header that cannot be has its value in it. */
function headersOf(given: HeadersInit | undefined, name: string): Headers {
  try {
    return new Headers(given);
  } catch {
    throw new TypeError(
      `Cannot open ${
        JSON.stringify(name)
      }: the headers have a name or a value ` +
        "with characters that a header cannot have",
    );
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A percent sign that nobody encoded.
  }
}
