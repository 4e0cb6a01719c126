import type { NetConnectOpts, Socket } from "node:net";
import { builtinModule } from "../local/mod.ts";
import type { RuntimeSocket, RuntimeSockets } from "./runtime_sockets.ts";
import type { SocketAddress } from "./socket_address.ts";

/** Number of unread bytes at which the socket is paused. */
const UNREAD_MAX = 0x100000;

/**
 * Returns the sockets of `node:net`, which Bun, Node and Deno have.
 *
 * @throws {SourceError} if the runtime has none
 */
export function nodeSockets(): RuntimeSockets {
  const net = builtinModule("node:net", {
    what: "sockets",
    action: "use sockets",
  });
  return {
    name: "node:net",
    connect(address, signal) {
      const socket = net.connect(netOptions(address));
      signal.addEventListener("abort", () => socket.destroy());
      return new Promise((resolve, reject) => {
        socket.once("connect", () => resolve(new NodeSocket(socket)));
        socket.once("error", reject);
      });
    },
    listen(address, { onSocket, onError }) {
      const server = net.createServer(
        (socket) => onSocket(new NodeSocket(socket)),
      );
      return new Promise((resolve, reject) => {
        server.on("error", (error) => {
          reject(error);
          onError(error);
        });
        server.listen(netOptions(address), () => resolve(server));
      });
    },
  };
}

function netOptions(address: SocketAddress): NetConnectOpts {
  return address.kind === "unix"
    ? { path: address.path }
    : { host: address.host, port: address.port };
}

/**
 * A pending read is answered in the event that brings the bytes, without
 * another turn of the event loop.
 */
class NodeSocket implements RuntimeSocket {
  readonly #socket: Socket;
  readonly #unread: Uint8Array[] = [];
  #unreadLength = 0;
  #pendingRead: PromiseWithResolvers<Uint8Array | undefined> | undefined;
  readonly #pendingWrites = new Set<(error: unknown) => void>();
  #ended = false;
  #isGone = false;
  #error: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", ({ buffer, byteOffset, length }: Uint8Array) => {
      // Not a Buffer, whose `slice` does not copy.
      this.#receive(new Uint8Array(buffer, byteOffset, length));
    });
    socket.on("end", () => this.#endReading());
    socket.on("error", (error) => {
      this.#error ??= error;
      this.#end();
    });
    socket.on("close", () => this.#end());
  }

  read(): Promise<Uint8Array | undefined> {
    const bytes = this.#unread.shift();
    if (bytes !== undefined) {
      this.#unreadLength -= bytes.length;
      if (this.#unread.length === 0 && !this.#ended) this.#socket.resume();
      return Promise.resolve(bytes);
    }
    this.#pendingRead = Promise.withResolvers();
    const { promise } = this.#pendingRead;
    if (this.#ended) this.#endReading();
    return promise;
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pendingWrites.add(reject);
      if (this.#isGone) return this.#end();
      this.#socket.write(bytes, (error) => {
        this.#pendingWrites.delete(reject);
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
  }

  close(): void {
    this.#end();
    this.#socket.destroy();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isGone || bytes.length === 0) return;
    const pending = this.#pendingRead;
    if (pending !== undefined) {
      this.#pendingRead = undefined;
      pending.resolve(bytes);
      return;
    }
    this.#unread.push(bytes);
    this.#unreadLength += bytes.length;
    if (this.#unreadLength >= UNREAD_MAX) this.#socket.pause();
  }

  /** No more bytes arrive. */
  #endReading(): void {
    this.#ended = true;
    if (this.#error === undefined) this.#pendingRead?.resolve(undefined);
    else this.#pendingRead?.reject(this.#error);
    this.#pendingRead = undefined;
  }

  /** No more bytes arrive, and none can be written. */
  #end(): void {
    this.#isGone = true;
    this.#endReading();
    const error = this.#error ?? Object.assign(new Error(), { code: "EPIPE" });
    for (const reject of this.#pendingWrites) reject(error);
    this.#pendingWrites.clear();
  }
}
