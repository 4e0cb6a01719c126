import type { Socket } from "node:net";
import { SourceError } from "../sources/source_error.ts";
import type { ByteChannel } from "./byte_channel.ts";

/** The socket is told to wait while so many bytes have not been read. */
const UNREAD_MAX = 0x100000;

interface PendingRead {
  resolve(bytes: Uint8Array | undefined): void;
  reject(error: SourceError): void;
}

/**
 * A connected socket as a byte channel.
 *
 * A read that waits is answered in the very event that brings the bytes, without
 * a turn of the event loop between.
 */
export class SocketChannel implements ByteChannel {
  readonly name: string;
  readonly #socket: Socket;
  readonly #unread: Uint8Array[] = [];
  #unreadLength = 0;
  #pendingRead: PendingRead | undefined;
  readonly #pendingWrites = new Set<(error: SourceError) => void>();
  #ended = false;
  #closed = false;
  #error: SourceError | undefined;

  /** Takes over a connected socket; `name` is its address. */
  constructor(socket: Socket, name: string) {
    this.#socket = socket;
    this.name = name;
    socket.setNoDelay(true);
    socket.on("data", ({ buffer, byteOffset, length }: Uint8Array) => {
      // Not a Buffer, whose `slice` is no copy.
      this.#receive(new Uint8Array(buffer, byteOffset, length));
    });
    socket.on("end", () => this.#endReading());
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#end());
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.#pendingRead !== undefined) {
      return Promise.reject(
        new TypeError(`Cannot read from ${this.name}: a read is under way`),
      );
    }
    const bytes = this.#unread.shift();
    if (bytes !== undefined) {
      this.#unreadLength -= bytes.length;
      if (this.#unread.length === 0 && !this.#ended) this.#socket.resume();
      return Promise.resolve(bytes);
    }
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#pendingRead = { resolve, reject };
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#closed) {
      return Promise.reject(this.#writeError("it was closed"));
    }
    return new Promise((resolve, reject) => {
      this.#pendingWrites.add(reject);
      this.#socket.write(bytes, (error) => {
        this.#pendingWrites.delete(reject);
        if (error === undefined || error === null) resolve();
        else reject(this.#error ?? this.#writeError(reasonOf(error), error));
      });
    });
  }

  close(): void {
    this.#closed = true;
    this.#unread.length = 0;
    this.#unreadLength = 0;
    this.#end();
    this.#socket.destroy();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return;
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

  /** Nothing comes any more. */
  #endReading(): void {
    this.#ended = true;
    const pending = this.#pendingRead;
    this.#pendingRead = undefined;
    if (this.#error === undefined) pending?.resolve(undefined);
    else pending?.reject(this.#error);
  }

  /** Nothing comes, and nothing can be written any more. */
  #end(): void {
    this.#endReading();
    const reason = this.#closed ? "it was closed" : CLOSED_THERE;
    this.#closed = true;
    for (const reject of this.#pendingWrites) {
      reject(this.#error ?? this.#writeError(reason));
    }
    this.#pendingWrites.clear();
  }

  #fail(error: Error): void {
    if (!this.#closed) this.#error ??= socketError("use", this.name, error);
    this.#end();
  }

  #writeError(reason: string, cause?: unknown): SourceError {
    return new SourceError(
      this.name,
      `Cannot write to ${this.name}: ${reason}`,
      { cause },
    );
  }
}

/** What went wrong with a socket, in one line. */
export function socketError(
  action: string,
  name: string,
  error: unknown,
): SourceError {
  return new SourceError(
    name,
    `Cannot ${action} ${name}: ${reasonOf(error)}`,
    { cause: error },
  );
}

const CLOSED_THERE = "the other side has closed the connection";

/** The runtimes each say it in words of their own; the codes are the same. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use",
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: CLOSED_THERE,
  ENOENT: "there is no such socket",
  ENOTFOUND: "the host is not known",
  EPIPE: CLOSED_THERE,
};

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const known = typeof code === "string" ? REASONS[code] : undefined;
  return known ?? String(message || code || error);
}
