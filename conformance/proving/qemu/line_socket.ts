import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/** A text protocol with one line per message, over a connected socket. */
export class LineSocket {
  readonly #socket: Socket;
  readonly #received: string[] = [];
  #rest = "";
  #onLine: ((line: string) => void) | undefined;
  #onClose: (() => void) | undefined;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text) => this.#receive(String(text)));
    socket.on("error", () => this.#end());
    socket.on("close", () => this.#end());
  }

  /**
   * Passes every line to `onLine`, including those received before this call.
   */
  listen(onLine: (line: string) => void, onClose: () => void): void {
    this.#onLine = onLine;
    this.#onClose = onClose;
    for (const line of this.#received.splice(0)) onLine(line);
    if (this.#closed) onClose();
  }

  /** Sends one line. */
  send(line: string): void {
    this.#socket.write(line + "\n");
  }

  /** Closes the connection; does nothing if it is already closed. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (this.#onLine === undefined) this.#received.push(line);
      else this.#onLine(line);
    }
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose?.();
  }
}

/**
 * A Unix socket that accepts one peer.
 *
 * QEMU connects to it, so there is no need to retry until QEMU listens.
 */
export class LineServer {
  readonly #server: Server;
  readonly #accepted: Promise<LineSocket>;

  private constructor(server: Server) {
    this.#server = server;
    this.#accepted = new Promise((resolve) => {
      server.once("connection", (socket) => resolve(new LineSocket(socket)));
    });
  }

  /** Listens at `path`. */
  static async listen(path: string): Promise<LineServer> {
    const server = createServer();
    const waiting = new LineServer(server);
    server.listen(path);
    await once(server, "listening");
    return waiting;
  }

  /** The peer's connection, once it has connected. */
  accept(): Promise<LineSocket> {
    return this.#accepted;
  }

  /** Stops listening; an accepted connection stays open. */
  close(): void {
    this.#server.close();
  }
}
