import type { ByteRange } from "../../format/bytes/mod.ts";

/** Options of a read. */
export interface ReadOptions {
  /** Aborts the read: it then soon rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options of a read of a source. Apart from the signal they are hints, which
 * affect how soon bytes arrive, never which bytes: a source may ignore them.
 */
export interface SourceReadOptions extends ReadOptions {
  /**
   * Given for a read of a few bytes far from any others: ranges after it, in
   * order, some of which may be read next. A source with expensive requests may
   * fetch them together with this read; others ignore them.
   */
  readonly guesses?: readonly ByteRange[] | undefined;
  /**
   * End of the bytes after this read that are worth fetching: where the present
   * pages end. A cache that reads ahead stops there.
   */
  readonly wantedUntil?: number | undefined;
  /** Whether to give way to reads that a caller is waiting for. */
  readonly background?: boolean | undefined;
}

/**
 * Receives the bytes at `offset` of a source, which belong to the requested
 * range `index`. The source waits for the promise and then reuses the buffer.
 */
export type TakeBytes = (
  bytes: Uint8Array,
  place: { readonly offset: number; readonly index: number },
) => Promise<void>;

/** Bytes with random access: a file, a Blob, memory, a URL. */
export interface ByteSource {
  /** Name in errors: a path, a URL, or a name given by the caller. */
  readonly name: string;
  /** Size in bytes. It does not change while the source is open. */
  readonly byteLength: number;
  /**
   * The digest that everything it hands over agrees with, such as `sha256:…`;
   * undefined if it does not check what it reads.
   */
  readonly digest?: string | undefined;
  /**
   * Recommended number of concurrent reads, for sources with high latency.
   * Default: 1.
   */
  readonly parallelReads?: number | undefined;
  /**
   * Fills the whole `target` with the bytes from `offset` on, or rejects with a
   * `SourceError`; never short, never padded.
   *
   * The source owns the buffer until the promise settles, and the caller
   * afterwards, even after a failure or an abort. A source that reads in parts
   * therefore settles only when nothing writes to the buffer any more: it aborts
   * pending parts and waits for them, or has them write to its own memory. The
   * content of the buffer is undefined after a failed read.
   */
  readInto(
    target: Uint8Array,
    offset: number,
    options?: SourceReadOptions,
  ): Promise<void>;
  /**
   * Passes on the bytes of several ranges as they arrive, with as few requests as
   * possible, so that much can be requested at once and little is buffered.
   * Optional: only remote sources have it; `readRanges` works with any source.
   *
   * The bytes of one range come in order, and one piece at a time. After a
   * truncated or wrong response they are passed again, and the last ones count.
   * `take` is not called after the promise has settled.
   */
  readonly streamRanges?:
    | ((
      ranges: readonly ByteRange[],
      take: TakeBytes,
      options?: SourceReadOptions,
    ) => Promise<void>)
    | undefined;
  /**
   * Throws a `SourceError` if the bytes have changed since the source was
   * opened. Reads detect that too, but possibly some milliseconds late: call
   * this after the last read. Only sources that may change unnoticed have it.
   */
  readonly checkUnchanged?: (() => void) | undefined;
  /** Announces bytes that will be read soon. Optional: only where it helps. */
  readonly willNeed?: ((range: ByteRange) => void) | undefined;
}

/** A source that can also be read synchronously. */
export interface SyncByteSource extends ByteSource {
  /** Reads as `readInto` does, synchronously; throws where that rejects. */
  readIntoSync(target: Uint8Array, offset: number): void;
}
