import type { ByteStore } from "../sinks/mod.ts";
import { WatchedSource } from "./watched_source.ts";

/** A store in memory that records each call and fails at chosen ones. */
export class WatchedStore extends WatchedSource implements ByteStore {
  /** The current bytes. */
  readonly bytes: Uint8Array;
  /** Every write and flush so far: `write 0x10 8`, `flush`. */
  readonly calls: string[] = [];
  /** Number of the call that fails, counted from 0. */
  failingCall = -1;

  /** Stores to `bytes`, which are not copied. */
  constructor(bytes: Uint8Array) {
    super(bytes);
    this.bytes = bytes;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#note(`write 0x${offset.toString(16)} ${bytes.length}`);
    this.bytes.set(bytes, offset);
  }

  async flush(): Promise<void> {
    await this.#note("flush");
  }

  #note(call: string): Promise<void> {
    const number = this.calls.length;
    this.calls.push(call);
    return number === this.failingCall
      ? Promise.reject(this.error)
      : Promise.resolve();
  }
}
