import type { ForwardRequest } from "../../format/sequential/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";
import type { ReceiveReport } from "./receive_report.ts";

/** Reads the bytes of a channel in the sizes that the consumer asks for. */
export class ChannelInput {
  readonly #channel: ByteChannel;
  readonly #report: ReceiveReport;
  #chunk: Uint8Array = new Uint8Array(0);
  #ended = false;

  /** Counts the bytes received in `report`. */
  constructor(channel: ByteChannel, report: ReceiveReport) {
    this.#channel = channel;
    this.#report = report;
  }

  /** Whether the other side has closed the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Fills the target with the bytes available, waiting for at least `least`.
   */
  async read({ target, least }: ForwardRequest): Promise<Uint8Array> {
    let done = 0;
    while (done < least) {
      if (this.#chunk.length === 0) {
        const room = target.subarray(done);
        const chunk = await this.#read(room);
        if (chunk === undefined) break;
        if (
          chunk.buffer === room.buffer && chunk.byteOffset === room.byteOffset
        ) {
          done += chunk.length;
          continue;
        }
        this.#chunk = chunk;
      }
      const length = Math.min(this.#chunk.length, target.length - done);
      target.set(this.#chunk.subarray(0, length), done);
      this.#chunk = this.#chunk.subarray(length);
      done += length;
    }
    return target.subarray(0, done);
  }

  /**
   * Yields all remaining bytes; each piece is valid until the next is
   * requested.
   */
  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#chunk.length > 0) yield this.#chunk;
    while (!this.#ended) {
      const chunk = await this.#read();
      if (chunk !== undefined) yield chunk;
    }
  }

  async #read(room?: Uint8Array): Promise<Uint8Array | undefined> {
    const chunk = await this.#channel.read(room);
    if (chunk === undefined) this.#ended = true;
    else this.#report.bytesReceived += chunk.length;
    return chunk;
  }
}
