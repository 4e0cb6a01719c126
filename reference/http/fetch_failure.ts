/** Why a request got no answer. */
export interface FetchFailure {
  /** The reason in one line, as the runtime gives it. */
  readonly reason: string;
  /** Whether the host is unknown. */
  readonly isUnknownHost: boolean;
  /** Whether no secure connection can be made: no other try mends that. */
  readonly isUntrusted: boolean;
}

const UNKNOWN_HOST = /\bdns\b|getaddrinfo|lookup address|ENOTFOUND|EAI_/i;
const UNTRUSTED =
  /certificate|_CERT\b|UNABLE_TO_VERIFY|EPROTO|corrupt message/i;
/** What Deno says first, whatever the reason: between whom, and in which part. */
const PREAMBLE = /^error sending request\b.*?: client error \(\w+\): /;

/** What the errors of the runtimes have. */
interface FetchError {
  readonly message?: string;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** What the runtime says about a failure: the reason is in the last cause. */
export function fetchFailure(error: unknown): FetchFailure {
  const words: string[] = [];
  for (let at = error, depth = 0; at != null && depth < 8; depth++) {
    const { message = String(at), code, cause } = at as FetchError;
    if (code !== undefined) words.push(String(code));
    const text = message.replace(PREAMBLE, "");
    if (text !== "") words.push(text);
    at = cause;
  }
  const all = words.join(" ");
  const isUnknownHost = UNKNOWN_HOST.test(all);
  const isUntrusted = UNTRUSTED.test(all);
  const said = (words.at(-1) ?? "no reason").replaceAll(/\s+/g, " ");
  const reason = isUnknownHost
    ? `the host is not known (${said})`
    : isUntrusted
    ? `there is no secure connection (${said}): check the server's certificate ` +
      "and whether the runtime trusts it (DENO_CERT, NODE_EXTRA_CA_CERTS)"
    : /refused/i.test(all)
    ? `nobody listens there (${said})`
    : said;
  return { reason, isUnknownHost, isUntrusted };
}
