import type { ByteSink } from "./byte_sink.ts";

/** Bytes after which it is worth to ask the disk to begin. */
const FLUSH_EVERY = 0x4000000;

/**
 * Has a sink flushed while more is being written to it: the disk works from the
 * beginning on, not only when all is there.
 */
export class BackgroundFlush {
  readonly #sink: ByteSink;
  #flushed = 0;
  #under: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** Of a sink that nothing was written to yet. */
  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Starts a flush if there is enough to flush and none is under way. */
  wrote(total: number): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#under !== undefined) return;
    if (total - this.#flushed < FLUSH_EVERY) return;
    this.#flushed = total;
    this.#under = this.#sink.flush()
      .catch((error) => void (this.#failure = { error }))
      .finally(() => this.#under = undefined);
  }

  /** Resolves when no flush is under way; a failure of one is thrown. */
  async settle(): Promise<void> {
    await this.#under;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
