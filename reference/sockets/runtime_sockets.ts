import type { SocketAddress } from "./socket_address.ts";

/**
 * A connected socket as a runtime has it. What goes wrong comes in the runtime's
 * own errors; {@linkcode close} makes what waits end in one way or another.
 */
export interface RuntimeSocket {
  /**
   * The next bytes, at least one, good until the next call; in `target` if it can
   * put them there. One call at a time. At the end undefined, and once what is
   * being written is written, the other side is told that no more comes.
   */
  read(target?: Uint8Array): Promise<Uint8Array | undefined>;
  /** Writes all of `bytes`, behind those of earlier calls. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends both directions; can be called again. */
  close(): void;
}

/** Who is told what happens where somebody listens. */
export interface ListenHandlers {
  /** One has connected. */
  onSocket(socket: RuntimeSocket): void;
  /** Nobody can connect any more. */
  onError(error: unknown): void;
}

/** The sockets of a runtime. */
export interface RuntimeSockets {
  /** What they are made of: `Deno.connect`. */
  readonly name: string;
  /** Connects; the signal gives it up, and need not settle the promise. */
  connect(address: SocketAddress, signal: AbortSignal): Promise<RuntimeSocket>;
  /** Listens; the path of a unix socket may be gone or another's when it ends. */
  listen(
    address: SocketAddress,
    handlers: ListenHandlers,
  ): Promise<{ close(): void }>;
}
