import type { SocketAddress } from "./socket_address.ts";

/**
 * A connected socket of a runtime. It fails with the runtime's own errors.
 * After {@linkcode close}, pending calls either resolve or reject.
 */
export interface RuntimeSocket {
  /**
   * Reads the next bytes, at least one, valid until the next call; in `target`
   * if possible. One call at a time. Returns undefined at the end, and then
   * closes the other direction after pending writes.
   */
  read(target?: Uint8Array): Promise<Uint8Array | undefined>;
  /** Writes all of `bytes`, after those of earlier calls. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes both directions; can be called again. */
  close(): void;
}

/** Callbacks of a listener. */
export interface ListenHandlers {
  /** A connection was accepted. */
  onSocket(socket: RuntimeSocket): void;
  /** No more connections can be accepted. */
  onError(error: unknown): void;
}

/** The sockets of a runtime. */
export interface RuntimeSockets {
  /** Their name: `Deno.connect`. */
  readonly name: string;
  /** Connects; the signal aborts, and may leave the promise pending. */
  connect(address: SocketAddress, signal: AbortSignal): Promise<RuntimeSocket>;
  /**
   * Listens. At the end, the path of a unix socket may no longer exist, or may
   * belong to another socket.
   */
  listen(
    address: SocketAddress,
    handlers: ListenHandlers,
  ): Promise<{ close(): void }>;
}
