import { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import type { ByteChannel } from "./byte_channel.ts";
import type { RuntimeSocket, RuntimeSockets } from "./runtime_sockets.ts";
import {
  formatSocketAddress,
  parseSocketAddress,
  type SocketAddress,
} from "./socket_address.ts";
import { SocketChannel } from "./socket_channel.ts";
import { socketError } from "./socket_error.ts";
import { SocketPlace } from "./socket_place.ts";
import { socketsHere } from "./sockets_here.ts";

/** Maximum number of connections that wait to be accepted. */
const WAITING_MAX = 16;

/** Options of listening. */
export interface ListenOptions {
  /**
   * Tells whether a process listens at a unix socket, without connecting to it.
   * No runtime can; on Linux, pass `isListening` of `./linux`, which uses the
   * foreign function interface. A socket at which no process listens is
   * replaced, if this user owns it. Default: existing sockets are kept, and
   * listening is refused.
   */
  readonly isListening?: ((path: string) => boolean | undefined) | undefined;
}

/** A listening socket. */
export interface SocketListener extends Disposable {
  /** Its address: `unix:/run/vm.sock`. */
  readonly name: string;
  /** Accepts the next connection. */
  accept(options?: WaitOptions): Promise<ByteChannel>;
  /** Stops listening and removes the socket; accepted channels stay open. */
  close(): void;
}

/**
 * Listens at `unix:PATH` or `tcp:HOST:PORT`. A unix socket is accessible to its
 * owner only (mode 0600).
 *
 * @throws {RangeError} if the address is invalid
 * @throws {SourceError} if it is in use or not permitted
 *
 * @example
 * ```ts
 * import {
 *   connectSocket,
 *   listenSocket,
 * } from "../doors/qemu.ts";
 * import assert from "node:assert/strict";
 *
 * using listener = await listenSocket(`unix:${await Deno.makeTempDir()}/s`);
 * const one = await connectSocket(listener.name);
 * const other = await listener.accept();
 * await one.write(new Uint8Array([1, 2, 3]));
 * assert.deepEqual(await other.read(), new Uint8Array([1, 2, 3]));
 * one.close();
 * other.close();
 * ```
 */
export async function listenSocket(
  address: string,
  options: ListenOptions = {},
): Promise<SocketListener> {
  return await listenThrough(socketsHere(), address, options);
}

/** Same as {@linkcode listenSocket}, over the given sockets. */
export async function listenThrough(
  sockets: RuntimeSockets,
  address: string,
  options: ListenOptions = {},
): Promise<SocketListener> {
  const parsed = parseSocketAddress(address);
  const listener = new Listener(formatSocketAddress(parsed));
  await listener.listen(sockets, parsed, options);
  return listener;
}

class Listener implements SocketListener {
  readonly name: string;
  #closeSocket: (() => void) | undefined;
  readonly #waiting: ByteChannel[] = [];
  readonly #accepting: {
    resolve(channel: ByteChannel): void;
    reject(error: SourceError): void;
  }[] = [];
  #end: SourceError | undefined;

  constructor(name: string) {
    this.name = name;
  }

  async listen(
    sockets: RuntimeSockets,
    address: SocketAddress,
    options: ListenOptions,
  ): Promise<void> {
    const place = address.kind === "unix"
      ? new SocketPlace(address.path, options)
      : undefined;
    try {
      const bound = place === undefined
        ? address
        : { kind: "unix", path: place.bindPath } as const;
      const socket = await sockets.listen(bound, {
        onSocket: (socket) => this.#connect(socket),
        onError: (error) => {
          this.#endWith(socketError("accept at", this.name, error));
        },
      });
      this.#closeSocket = () => {
        place?.remove();
        socket.close();
      };
      place?.publish();
    } catch (error) {
      this.close();
      place?.discard();
      throw socketError("listen at", this.name, error);
    }
  }

  async accept(options: WaitOptions = {}): Promise<ByteChannel> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting;
    if (this.#end !== undefined) throw this.#end;
    const accepting = Promise.withResolvers<ByteChannel>();
    this.#accepting.push(accepting);
    try {
      return await waitFor(accepting.promise, {
        ...options,
        timeoutError: (timeout) =>
          this.#error(`no connection within ${timeout} ms`),
      });
    } catch (error) {
      const at = this.#accepting.indexOf(accepting);
      if (at >= 0) this.#accepting.splice(at, 1);
      // Closes a connection that was accepted just as the wait ended.
      accepting.promise.then((channel) => channel.close(), () => {});
      throw error;
    }
  }

  close(): void {
    this.#closeSocket?.();
    this.#closeSocket = undefined;
    this.#endWith(this.#error("it was closed"));
    for (const channel of this.#waiting.splice(0)) channel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #connect(socket: RuntimeSocket): void {
    const accepting = this.#accepting.shift();
    const channel = new SocketChannel(socket, this.name);
    if (accepting !== undefined) accepting.resolve(channel);
    else if (this.#end === undefined && this.#waiting.length < WAITING_MAX) {
      this.#waiting.push(channel);
    } else channel.close();
  }

  /** Rejects all waits: no more connections arrive. */
  #endWith(error: SourceError): void {
    this.#end ??= error;
    for (const { reject } of this.#accepting.splice(0)) reject(this.#end);
  }

  #error(reason: string): SourceError {
    return new SourceError(
      this.name,
      `Cannot accept at ${this.name}: ${reason}`,
    );
  }
}
