/** Address of a socket: a path, or a host and a port. */
export type SocketAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** Maximum bytes of a path in the kernel, without the final NUL. */
const UNIX_PATH_MAX = 107;
const PORT_MAX = 65535;

/**
 * Parses `unix:PATH` or `tcp:HOST:PORT`, as in QEMU. An IPv6 address is in
 * brackets.
 *
 * @throws {RangeError} if the address is neither
 */
export function parseSocketAddress(text: string): SocketAddress {
  const unix = /^unix:(.+)$/s.exec(text)?.[1];
  if (unix !== undefined) return { kind: "unix", path: checkPath(unix, text) };
  const match = /^tcp:(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > PORT_MAX) {
    throw new RangeError(
      `Cannot use the address ${JSON.stringify(text)}: expected unix:PATH or ` +
        `tcp:HOST:PORT with a port from 1 to ${PORT_MAX}`,
    );
  }
  return { kind: "tcp", host, port };
}

/** Formats an address as {@linkcode parseSocketAddress} parses it. */
export function formatSocketAddress(address: SocketAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(":") ? `tcp:[${host}]:${port}` : `tcp:${host}:${port}`;
}

function checkPath(path: string, text: string): string {
  const { length } = new TextEncoder().encode(path);
  if (length > UNIX_PATH_MAX || path.includes("\0")) {
    throw new RangeError(
      `Cannot use the address ${JSON.stringify(text)}: its path has ` +
        `${length} bytes, expected at most ${UNIX_PATH_MAX} without NUL`,
    );
  }
  return path;
}
