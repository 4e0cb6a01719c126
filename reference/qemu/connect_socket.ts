import type { NetConnectOpts } from "node:net";
import { builtinModule } from "../local/builtin_module.ts";
import { SourceError } from "../sources/source_error.ts";
import { waitFor, type WaitOptions } from "../wait.ts";
import type { ByteChannel } from "./byte_channel.ts";
import {
  formatSocketAddress,
  parseSocketAddress,
  type SocketAddress,
} from "./socket_address.ts";
import { SocketChannel, socketError } from "./socket_channel.ts";

const TIMEOUT = 10_000;

/** `node:net`, or an error where there are no sockets. */
export function nodeNet() {
  return builtinModule("node:net", { what: "sockets", action: "use sockets" });
}

/** The address in the words of `node:net`. */
export function netOptions(address: SocketAddress): NetConnectOpts {
  return address.kind === "unix"
    ? { path: address.path }
    : { host: address.host, port: address.port };
}

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
 * import { connectSocket } from "../../mod.ts";
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
  const { signal, timeout = TIMEOUT } = options;
  const parsed = parseSocketAddress(address);
  const name = formatSocketAddress(parsed);
  signal?.throwIfAborted();
  const socket = nodeNet().connect(netOptions(parsed));
  const connected = new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (error) => {
      reject(socketError("connect to", name, error));
    });
  });
  try {
    await waitFor(connected, {
      signal,
      timeout,
      late: (timeout) =>
        new SourceError(
          name,
          `Cannot connect to ${name}: no answer in ${timeout} ms`,
        ),
    });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return new SocketChannel(socket, name);
}
