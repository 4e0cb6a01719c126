import type {
  ListenHandlers,
  RuntimeSocket,
  RuntimeSockets,
} from "./runtime_sockets.ts";
import type { SocketAddress } from "./socket_address.ts";

/** More than a unix socket holds; a TCP socket may have more. */
const BUFFER_SIZE = 0x40000;

/** What is used of a `Deno.Conn`. */
export interface DenoConnection {
  read(target: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  /** TCP alone has it. */
  setNoDelay?(noDelay: boolean): void;
}

/** What is used of a `Deno.Listener`. */
export interface DenoListener {
  accept(): Promise<DenoConnection>;
  close(): void;
}

/** Where `Deno` connects to or listens. */
export type DenoAddress =
  | { readonly transport: "unix"; readonly path: string }
  | {
    readonly transport: "tcp";
    readonly hostname: string;
    readonly port: number;
  };

/** What is used of `Deno`. */
export interface DenoNet {
  connect(
    address: DenoAddress & { readonly signal?: AbortSignal },
  ): Promise<DenoConnection>;
  listen(address: DenoAddress): DenoListener;
}

/**
 * Deno's own sockets; undefined on another runtime. They read into a buffer that
 * is used again, where `node:net` on Deno makes one for each 64 KiB.
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
    // deno-lint-ignore require-await -- what it throws must be a rejection
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
      // It is gone already: what is read or written next tells that.
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
    // Behind a write that failed there is a hole: none follows it.
    this.#written = this.#written.then(() => this.#writeAll(bytes));
    this.#written.catch(() => {});
    return this.#written;
  }

  close(): void {
    try {
      this.#connection.close();
    } catch {
      // It was closed before.
    }
  }

  /** The kernel may have room for some of the bytes only. */
  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += await this.#connection.write(bytes.subarray(done));
    }
  }
}

/** Accepts until it is closed. */
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

  /** The next one, unless it was gone before it was accepted. */
  async #next(): Promise<DenoConnection | undefined> {
    try {
      return await this.#listener.accept();
    } catch (error) {
      if ((error as { code?: unknown }).code === "ECONNABORTED") return;
      throw error;
    }
  }
}
