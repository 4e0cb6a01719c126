import { SourceError } from "../sources/mod.ts";

/** What went wrong with a socket, in one line. */
export function socketError(
  action: string,
  name: string,
  error: unknown,
): SourceError {
  if (error instanceof SourceError) return error;
  return new SourceError(
    name,
    `Cannot ${action} ${name}: ${reasonOf(error)}`,
    { cause: error },
  );
}

/** What the other side did when nothing can be sent to it any more. */
export const CLOSED_THERE = "the other side has closed the connection";

const UNKNOWN_HOST = "the host is not known";

/** The runtimes each say it in words of their own; the codes are the same. */
const REASONS: ReadonlyMap<string, string> = new Map(Object.entries({
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use",
  EADDRNOTAVAIL: "the address is not of this machine",
  EAI_AGAIN: UNKNOWN_HOST,
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: CLOSED_THERE,
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the host cannot be reached",
  ENOENT: "there is no such socket",
  ENOTFOUND: UNKNOWN_HOST,
  EPIPE: CLOSED_THERE,
  ETIMEDOUT: "the host does not answer",
}));

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  // Deno gives no code with that.
  if (/^failed to lookup address /.test(String(message))) return UNKNOWN_HOST;
  const known = REASONS.get(String(code));
  return known ?? String(message || code || error);
}
