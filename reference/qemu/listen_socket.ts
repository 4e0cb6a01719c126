import type { Server, Socket } from "node:net";
import { SourceError } from "../sources/source_error.ts";
import { waitFor, type WaitOptions } from "../wait.ts";
import type { ByteChannel } from "./byte_channel.ts";
import { netOptions, nodeNet } from "./connect_socket.ts";
import { formatSocketAddress, parseSocketAddress } from "./socket_address.ts";
import { SocketChannel, socketError } from "./socket_channel.ts";

/** So many may have connected before they are accepted. */
const WAITING_MAX = 16;

/** A socket that others connect to. */
export interface SocketListener extends Disposable {
  /** Where it listens: `unix:/run/vm.sock`. */
  readonly name: string;
  /** The next one that connects, or has connected. */
  accept(options?: WaitOptions): Promise<ByteChannel>;
  /** Stops to listen and removes the socket; what was accepted stays open. */
  close(): void;
}

/**
 * Listens at `unix:PATH` or `tcp:HOST:PORT`.
 *
 * @throws {RangeError} if that is no address
 * @throws {SourceError} if it is in use or not permitted
 *
 * @example
 * ```ts
 * import { connectSocket, listenSocket } from "../../mod.ts";
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
export async function listenSocket(address: string): Promise<SocketListener> {
  const parsed = parseSocketAddress(address);
  const name = formatSocketAddress(parsed);
  const server = nodeNet().createServer({ pauseOnConnect: false });
  const listener = new Listener(server, name);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(socketError("listen at", name, error));
    });
    server.listen(netOptions(parsed), resolve);
  });
  return listener;
}

class Listener implements SocketListener {
  readonly name: string;
  readonly #server: Server;
  readonly #waiting: ByteChannel[] = [];
  readonly #accepting: {
    resolve(channel: ByteChannel): void;
    reject(error: SourceError): void;
  }[] = [];
  #closed = false;

  constructor(server: Server, name: string) {
    this.#server = server;
    this.name = name;
    server.on("connection", (socket) => this.#connect(socket));
  }

  async accept(options: WaitOptions = {}): Promise<ByteChannel> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting;
    if (this.#closed) throw this.#error("it was closed");
    const accepting = Promise.withResolvers<ByteChannel>();
    this.#accepting.push(accepting);
    try {
      return await waitFor(accepting.promise, {
        ...options,
        late: (timeout) => this.#error(`nobody has come in ${timeout} ms`),
      });
    } catch (error) {
      const at = this.#accepting.indexOf(accepting);
      if (at >= 0) this.#accepting.splice(at, 1);
      // One that came in the very moment of giving up is not left hanging.
      accepting.promise.then((channel) => channel.close(), () => {});
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    for (const channel of this.#waiting.splice(0)) channel.close();
    for (const { reject } of this.#accepting.splice(0)) {
      reject(this.#error("it was closed"));
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #connect(socket: Socket): void {
    const accepting = this.#accepting.shift();
    if (accepting === undefined && this.#waiting.length >= WAITING_MAX) {
      socket.destroy();
      return;
    }
    const channel = new SocketChannel(socket, this.name);
    if (accepting === undefined) this.#waiting.push(channel);
    else accepting.resolve(channel);
  }

  #error(reason: string): SourceError {
    return new SourceError(
      this.name,
      `Cannot accept at ${this.name}: ${reason}`,
    );
  }
}
