import type { ByteSink } from "./byte_sink.ts";

/** Bytes written between two flushes. */
const FLUSH_EVERY = 0x4000000;

/**
 * Flushes a sink while it is being written, so that the disk works from the
 * beginning on, not only at the end.
 */
export class BackgroundFlush {
  readonly #sink: ByteSink;
  #flushed = 0;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `sink` has not been written to yet. */
  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Starts a flush if there is enough to flush and none is running. */
  wrote(total: number): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#running !== undefined) return;
    if (total - this.#flushed < FLUSH_EVERY) return;
    this.#flushed = total;
    this.#running = this.#sink.flush()
      .catch((error) => void (this.#failure = { error }))
      .finally(() => this.#running = undefined);
  }

  /** Resolves when no flush is running; throws the error of a failed one. */
  async settle(): Promise<void> {
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
