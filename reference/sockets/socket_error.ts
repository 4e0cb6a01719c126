import { SourceError } from "../sources/mod.ts";

/** A socket could not be used; its cause has the code of the system. */
export class SocketError extends SourceError {}

/** Creates the error of a socket operation, in one line. */
export function socketError(
  action: string,
  name: string,
  error: unknown,
): SourceError {
  if (error instanceof SourceError) return error;
  return new SocketError(
    name,
    `Cannot ${action} ${name}: ${reasonOf(error)}`,
    { cause: error },
  );
}

/** The reason if the other side closed the connection. */
export const CLOSED_THERE = "the other side has closed the connection";

const UNKNOWN_HOST = "the host is not known";

/** Error messages differ between runtimes; the codes do not. */
const REASONS: ReadonlyMap<string, string> = new Map(Object.entries({
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use",
  EADDRNOTAVAIL: "no interface of this host has the address",
  EAI_AGAIN: UNKNOWN_HOST,
  ECONNREFUSED: "no process listens there",
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
  // Deno sets no code for it.
  if (/^failed to lookup address /.test(String(message))) return UNKNOWN_HOST;
  const reason = REASONS.get(String(code));
  return reason ?? String(message || code || error);
}
