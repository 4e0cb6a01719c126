import type { ForwardRequest } from "../../format/sequential/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";
import { sleep } from "../work/mod.ts";
import type { ReceiveReport } from "./receive_report.ts";

/** Milliseconds without a byte after which nothing is under way. */
const QUIET = 50;
/** Maximum milliseconds to wait for that. */
const QUIET_WITHIN = 2000;
/** More bytes than the buffers of a connection hold. */
const UNDER_WAY_MAX = 0x1000000;

/** Reads the bytes of a channel in the sizes that the consumer asks for. */
export class ChannelInput {
  readonly #channel: ByteChannel;
  readonly #report: ReceiveReport;
  #chunk: Uint8Array = new Uint8Array(0);
  #ended = false;
  #isWaiting = false;

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

  /**
   * Resolves when all that the other side has sent so far is read, even if it
   * continues to send, or after two seconds.
   */
  async quiet(signal: AbortSignal): Promise<void> {
    const until = performance.now() + QUIET_WITHIN;
    const enough = this.#report.bytesReceived + UNDER_WAY_MAX;
    for (let last = -1; !this.#ended && performance.now() < until;) {
      await sleep(QUIET, signal);
      const { bytesReceived } = this.#report;
      const isQuiet = this.#isWaiting && bytesReceived === last;
      if (isQuiet || bytesReceived > enough) return;
      last = bytesReceived;
    }
  }

  async #read(room?: Uint8Array): Promise<Uint8Array | undefined> {
    this.#isWaiting = true;
    const chunk = await this.#channel.read(room);
    this.#isWaiting = false;
    if (chunk === undefined) this.#ended = true;
    else this.#report.bytesReceived += chunk.length;
    return chunk;
  }
}
