import type { ByteSink } from "../sinks/mod.ts";

/** Wraps a sink, records each call and fails at one of them. */
export class WatchedSink implements ByteSink {
  readonly name = "watched";
  /** Every call so far: `write 0x10 8`, `flush`. */
  readonly calls: string[] = [];
  /** Number of the call that fails, counted from 0; `abort` never does. */
  failing = -1;
  /** The error of the failing call. */
  readonly error = new Error("the sink failed");
  readonly #sink: ByteSink;

  /** Wraps `sink`. */
  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    const call = `write 0x${offset.toString(16)} ${bytes.length}`;
    return this.#do(call, () => this.#sink.write(bytes, offset));
  }

  setLength(byteLength: number): Promise<void> {
    return this.#do("setLength", () => this.#sink.setLength(byteLength));
  }

  flush(): Promise<void> {
    return this.#do("flush", () => this.#sink.flush());
  }

  commit(): Promise<void> {
    return this.#do("commit", () => this.#sink.commit());
  }

  abort(): Promise<void> {
    this.calls.push("abort");
    return this.#sink.abort();
  }

  async #do(call: string, body: () => Promise<void>): Promise<void> {
    const number = this.calls.length;
    this.calls.push(call);
    if (number === this.failing) throw this.error;
    await body();
  }
}
