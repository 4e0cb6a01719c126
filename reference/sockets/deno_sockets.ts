import { errorCode } from "../sources/mod.ts";
import type {
  ListenHandlers,
  RuntimeSocket,
  RuntimeSockets,
} from "./runtime_sockets.ts";
import type { SocketAddress } from "./socket_address.ts";

/** More than a unix socket buffers; a TCP socket may buffer more. */
const BUFFER_SIZE = 0x40000;

/** The used part of `Deno.Conn`. */
export interface DenoConnection {
  read(target: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  /** Only TCP has it. */
  setNoDelay?(noDelay: boolean): void;
}

/** The used part of `Deno.Listener`. */
export interface DenoListener {
  accept(): Promise<DenoConnection>;
  close(): void;
}

/** An address that `Deno` connects to or listens at. */
export type DenoAddress =
  | { readonly transport: "unix"; readonly path: string }
  | {
    readonly transport: "tcp";
    readonly hostname: string;
    readonly port: number;
  };

/** The used part of `Deno`. */
export interface DenoNet {
  connect(
    address: DenoAddress & { readonly signal?: AbortSignal },
  ): Promise<DenoConnection>;
  listen(address: DenoAddress): DenoListener;
}

/**
 * Returns Deno's own sockets; undefined on another runtime. They read into one
 * buffer, whereas `node:net` on Deno allocates one for each 64 KiB.
 */
export function denoSockets(
  deno = (globalThis as { readonly Deno?: Partial<DenoNet> }).Deno,
): RuntimeSockets | undefined {
  const { connect, listen } = deno ?? {};
  if (connect === undefined || listen === undefined) return undefined;
  return {
    name: "Deno.connect",
    async connect(address, signal) {
      return new DenoSocket(await connect({ ...denoAddress(address), signal }));
    },
    // deno-lint-ignore require-await -- errors must become rejections
    async listen(address, handlers) {
      return new Acceptor(listen(denoAddress(address)), handlers);
    },
  };
}

function denoAddress(address: SocketAddress): DenoAddress {
  return address.kind === "unix"
    ? { transport: "unix", path: address.path }
    : { transport: "tcp", hostname: address.host, port: address.port };
}

class DenoSocket implements RuntimeSocket {
  readonly #connection: DenoConnection;
  #buffer: Uint8Array | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(connection: DenoConnection) {
    this.#connection = connection;
    try {
      connection.setNoDelay?.(true);
    } catch {
      // Already disconnected; the next read or write reports it.
    }
  }

  async read(target?: Uint8Array): Promise<Uint8Array | undefined> {
    const buffer = target !== undefined && target.length > 0
      ? target
      : this.#buffer ??= new Uint8Array(BUFFER_SIZE);
    for (;;) {
      const length = await this.#connection.read(buffer);
      if (length === null) {
        const end = () => this.#connection.closeWrite();
        this.#written.then(end).catch(() => {});
        return undefined;
      }
      if (length > 0) return buffer.subarray(0, length);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    // After a failed write bytes are missing, so no write may follow it.
    this.#written = this.#written.then(() => this.#writeAll(bytes));
    this.#written.catch(() => {});
    return this.#written;
  }

  close(): void {
    try {
      this.#connection.close();
    } catch {
      // It was already closed.
    }
  }

  /** Writes all bytes; the kernel may have room for only some at a time. */
  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += await this.#connection.write(bytes.subarray(done));
    }
  }
}

/** Accepts connections until it is closed. */
class Acceptor {
  readonly #listener: DenoListener;
  #closed = false;

  constructor(listener: DenoListener, handlers: ListenHandlers) {
    this.#listener = listener;
    void this.#accept(handlers);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }

  async #accept({ onSocket, onError }: ListenHandlers): Promise<void> {
    try {
      while (!this.#closed) {
        const connection = await this.#next();
        if (connection !== undefined) onSocket(new DenoSocket(connection));
      }
    } catch (error) {
      if (this.#closed) return;
      this.close();
      onError(error);
    }
  }

  /** Returns the next connection, skipping those that were aborted meanwhile. */
  async #next(): Promise<DenoConnection | undefined> {
    try {
      return await this.#listener.accept();
    } catch (error) {
      if (errorCode(error) === "ECONNABORTED") return;
      throw error;
    }
  }
}
