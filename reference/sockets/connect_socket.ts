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
 * Connects to a socket that somebody listens at: `unix:PATH` or
 * `tcp:HOST:PORT`. The signal and the time (10 s, unless said otherwise) are for
 * connecting only.
 *
 * @throws {RangeError} if that is no address
 * @throws {SourceError} if nobody answers there
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

/** {@linkcode connectSocket} with the sockets of one's choice. */
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
      late: (timeout) =>
        new SourceError(
          name,
          `Cannot connect to ${name}: no answer in ${timeout} ms`,
        ),
    });
  } catch (error) {
    giveUp.abort();
    // One that came in the very moment of giving up is not left hanging.
    connecting.then((channel) => channel.close(), () => {});
    throw error;
  }
}
