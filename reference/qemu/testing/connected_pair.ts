import { createServer, type Server, type Socket } from "node:net";
import {
  type ByteChannel,
  connectThrough,
  type RuntimeSockets,
  socketsHere,
} from "../../sockets/mod.ts";
import { ScratchFolder } from "../../testing/scratch_folder.ts";
import { reusedBuffer } from "./reused_buffer.ts";

/**
 * A channel of the library and the plain socket at its other end, which the
 * test drives.
 */
export class ConnectedPair implements Disposable {
  readonly channel: ByteChannel;
  readonly other: Socket;
  readonly #server: Server;
  readonly #folder: ScratchFolder;

  private constructor(
    channel: ByteChannel,
    other: Socket,
    server: Server,
    folder: ScratchFolder,
  ) {
    this.channel = channel;
    this.other = other;
    this.#server = server;
    this.#folder = folder;
    other.on("error", () => {});
  }

  /**
   * Connects the two over a unix socket in a new folder, or over TCP. Unless
   * `sockets` is given, each read overwrites the bytes of the previous one.
   */
  static async open(
    kind: "unix" | "tcp" = "unix",
    sockets?: RuntimeSockets,
  ): Promise<ConnectedPair> {
    const folder = new ScratchFolder();
    const server = createServer({ allowHalfOpen: true });
    const path = folder.file("socket");
    await new Promise<void>((resolve) => {
      if (kind === "unix") server.listen(path, resolve);
      else server.listen(0, "127.0.0.1", resolve);
    });
    const accepted = new Promise<Socket>((resolve) => {
      server.once("connection", resolve);
    });
    const address = server.address();
    const channel = await connectThrough(
      sockets ?? socketsHere(),
      typeof address === "object" && address !== null
        ? `tcp:127.0.0.1:${address.port}`
        : `unix:${path}`,
    );
    return new ConnectedPair(
      sockets === undefined ? reusedBuffer(channel) : channel,
      await accepted,
      server,
      folder,
    );
  }

  [Symbol.dispose](): void {
    this.channel.close();
    this.other.destroy();
    this.#server.close();
    this.#folder[Symbol.dispose]();
  }
}
