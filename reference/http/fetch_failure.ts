/** Why a request got no response. */
export interface FetchFailure {
  /** The reason as the runtime gives it, on one line. */
  readonly reason: string;
  /** Whether the host name cannot be resolved. */
  readonly isUnknownHost: boolean;
  /** Whether no secure connection can be established; retrying is no use. */
  readonly isUntrusted: boolean;
}

const UNKNOWN_HOST = /\bdns\b|getaddrinfo|lookup address|ENOTFOUND|EAI_/i;
const UNTRUSTED =
  /certificate|_CERT\b|UNABLE_TO_VERIFY|EPROTO|corrupt message/i;
/** Deno's prefix of all messages: the addresses and the failing component. */
const PREAMBLE = /^error sending request\b.*?: client error \(\w+\): /;

/** What Chrome, Firefox and Safari say, whatever the reason is. */
const UNTOLD = /^(?:Failed to fetch|NetworkError when attempting|Load failed)/;

/** Common properties of the runtimes' errors. */
interface FetchError {
  readonly message?: string;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** Classifies an error of `fetch`; the reason is in its innermost cause. */
export function fetchFailure(error: unknown): FetchFailure {
  const texts: string[] = [];
  for (let at = error, depth = 0; at != null && depth < 8; depth++) {
    const { message = String(at), code, cause } = at as FetchError;
    if (code !== undefined) texts.push(String(code));
    const text = message.replace(PREAMBLE, "");
    if (text !== "") texts.push(text);
    at = cause;
  }
  const all = texts.join(" ");
  const isUnknownHost = UNKNOWN_HOST.test(all);
  const isUntrusted = UNTRUSTED.test(all);
  const detail = (texts.at(-1) ?? "no reason given").replaceAll(/\s+/g, " ");
  const reason = isUnknownHost
    ? `the host is not known (${detail})`
    : isUntrusted
    ? `there is no secure connection (${detail}): check the server's certificate ` +
      "and whether the runtime trusts it (DENO_CERT, NODE_EXTRA_CA_CERTS)"
    : /refused/i.test(all)
    ? `no process listens there (${detail})`
    : UNTOLD.test(detail)
    ? `the browser gives no reason (${detail}): the server does not answer, or ` +
      "is of another origin and sends no Access-Control-Allow-Origin"
    : detail;
  return { reason, isUnknownHost, isUntrusted };
}
