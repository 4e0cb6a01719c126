import { SourceError } from "../sources/mod.ts";
import type { ByteChannel } from "./byte_channel.ts";
import type { RuntimeSocket } from "./runtime_sockets.ts";
import { CLOSED_THERE, socketError } from "./socket_error.ts";

/** A connected socket as a byte channel. */
export class SocketChannel implements ByteChannel {
  readonly name: string;
  readonly #socket: RuntimeSocket;
  #isReading = false;
  #ended = false;
  #closed = false;
  #error: SourceError | undefined;

  /** Takes over a connected socket; `name` is its address. */
  constructor(socket: RuntimeSocket, name: string) {
    this.#socket = socket;
    this.name = name;
  }

  async read(target?: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#isReading && !this.#closed) {
      throw new TypeError(
        `Cannot read from ${this.name}: another read is in progress`,
      );
    }
    if (!this.#ended) {
      // Bytes received before a failed write can still be read.
      const bytes = await this.#read(target);
      if (bytes !== undefined && !this.#closed) return bytes;
      this.#ended = true;
    }
    if (this.#error !== undefined) throw this.#error;
    return undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#ended) throw this.#writeError();
    try {
      await this.#socket.write(bytes);
    } catch (error) {
      if (this.#closed) throw this.#error ?? this.#writeError();
      const earlier = this.#error;
      this.#fail(error);
      throw earlier ?? socketError("write to", this.name, error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#ended = true;
    this.#socket.close();
  }

  async #read(target?: Uint8Array): Promise<Uint8Array | undefined> {
    this.#isReading = true;
    try {
      return await this.#socket.read(target);
    } catch (error) {
      this.#fail(error);
      return undefined;
    } finally {
      this.#isReading = false;
    }
  }

  #fail(error: unknown): void {
    // A call that ends because of closing has not failed.
    if (!this.#closed) this.#error ??= socketError("use", this.name, error);
  }

  #writeError(): SourceError {
    return new SourceError(
      this.name,
      `Cannot write to ${this.name}: ` +
        (this.#closed ? "it was closed" : CLOSED_THERE),
    );
  }
}
