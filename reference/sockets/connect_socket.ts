import { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import type { ByteChannel } from "./byte_channel.ts";
import type { RuntimeSockets } from "./runtime_sockets.ts";
import { formatSocketAddress, parseSocketAddress } from "./socket_address.ts";
import { SocketChannel } from "./socket_channel.ts";
import { socketError } from "./socket_error.ts";
import { socketsHere } from "./sockets_here.ts";

const TIMEOUT = 10_000;

/**
 * Connects to a listening socket: `unix:PATH` or `tcp:HOST:PORT`. The signal
 * and the timeout (default: 10 s) apply to connecting only.
 *
 * @throws {RangeError} if the address is invalid
 * @throws {SourceError} if the connection fails
 *
 * @example
 * ```ts
 * import { connectSocket } from "../doors/qemu.ts";
 *
 * async function greeting(address: string): Promise<string> {
 *   const channel = await connectSocket(address, { timeout: 1000 });
 *   try {
 *     return new TextDecoder().decode(await channel.read());
 *   } finally {
 *     channel.close();
 *   }
 * }
 * ```
 */
export async function connectSocket(
  address: string,
  options: WaitOptions = {},
): Promise<ByteChannel> {
  return await connectThrough(socketsHere(), address, options);
}

/** Same as {@linkcode connectSocket}, over the given sockets. */
export async function connectThrough(
  sockets: RuntimeSockets,
  address: string,
  options: WaitOptions = {},
): Promise<ByteChannel> {
  const { signal, timeout = TIMEOUT } = options;
  const parsed = parseSocketAddress(address);
  const name = formatSocketAddress(parsed);
  signal?.throwIfAborted();
  const giveUp = new AbortController();
  const connecting = sockets.connect(parsed, giveUp.signal)
    .then((socket) => new SocketChannel(socket, name), (error) => {
      throw socketError("connect to", name, error);
    });
  try {
    return await waitFor(connecting, {
      signal,
      timeout,
      timeoutError: (timeout) =>
        new SourceError(
          name,
          `Cannot connect to ${name}: no answer in ${timeout} ms`,
        ),
    });
  } catch (error) {
    giveUp.abort();
    // Closes a connection that was made just as the wait ended.
    connecting.then((channel) => channel.close(), () => {});
    throw error;
  }
}
