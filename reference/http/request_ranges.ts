import type { ByteRange } from "../../format/bytes/mod.ts";
import { rangeHeader } from "./http_range_response.ts";
import { FinalFailure } from "./request_failure.ts";
import { redirected, type RequestTarget } from "./request_target.ts";

/** Status codes of redirects. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const REDIRECTS_MAX = 20;

/** Options for sending a request. */
export interface RequestRangesOptions {
  /** Cancels the request. */
  readonly signal: AbortSignal;
  /** Sends the request. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Called with the target of each redirect. */
  readonly onRedirect?: ((target: RequestTarget) => void) | undefined;
}

/**
 * Requests ranges of a file and follows redirects itself, because `fetch` sends
 * most headers on to other origins.
 */
export async function requestRanges(
  first: RequestTarget,
  ranges: readonly ByteRange[],
  options: RequestRangesOptions,
): Promise<Response> {
  let target = first;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const response = await send(target, ranges, options);
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null) return response;
    response.body?.cancel().catch(() => {});
    target = redirected(target, location);
    options.onRedirect?.(target);
  }
  throw new FinalFailure(
    `the server redirects more than ${REDIRECTS_MAX} times`,
  );
}

async function send(
  { url, headers: given }: RequestTarget,
  ranges: readonly ByteRange[],
  { signal, fetch }: RequestRangesOptions,
): Promise<Response> {
  const headers = new Headers(given);
  // The server must not compress: ranges refer to the uncompressed file.
  headers.set("accept-encoding", "identity");
  headers.set("range", rangeHeader(ranges));
  const request = { headers, signal, cache: "no-store" } as const;
  const response = await fetch(
    new Request(url, { ...request, redirect: "manual" }),
  );
  if (response.type !== "opaqueredirect") return response;
  // A browser does not reveal the target of a redirect.
  if ([...given].length > 0) {
    throw new FinalFailure(
      "the server redirects, and headers are sent to one origin only: open " +
        "the URL that it redirects to",
    );
  }
  return await fetch(new Request(url, { ...request, redirect: "follow" }));
}
