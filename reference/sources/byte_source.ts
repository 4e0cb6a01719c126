import type { ByteRange } from "../../format/bytes/mod.ts";

/** Options of a read. */
export interface ReadOptions {
  /** Gives the read up: it then soon rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options of a read of a source: besides what the caller wants, hints by those
 * who read for it. They change how soon bytes come, never which: a source may
 * take no notice of them.
 */
export interface SourceReadOptions extends ReadOptions {
  /**
   * Given for a look at a few bytes far from anything else: ranges behind it, in
   * order, some of which may be asked for next. A source for which each request
   * is dear may fetch them with this one; the others take no notice.
   */
  readonly guesses?: readonly ByteRange[] | undefined;
  /**
   * Position behind the last byte worth having of those that follow: where the
   * present pages end. A cache that reads ahead stops there.
   */
  readonly wantedUntil?: number | undefined;
  /** Whether to give way to the reads that somebody waits for. */
  readonly background?: boolean | undefined;
}

/**
 * Takes bytes that are at `offset` of a source, of the range `index` of those
 * asked for. They are the source's again once it resolves; the source waits for
 * that.
 */
export type TakeBytes = (
  bytes: Uint8Array,
  offset: number,
  index: number,
) => Promise<void>;

/** Bytes that can be read anywhere: a file, a Blob, memory, a URL. */
export interface ByteSource {
  /** Name for errors: a path, a URL, or what the caller called it. */
  readonly name: string;
  /** Size in bytes. It does not change while the source is open. */
  readonly byteLength: number;
  /**
   * How many reads are best under way at once, where each makes one wait for
   * something far away. Default: 1.
   */
  readonly parallelReads?: number | undefined;
  /**
   * Fills the whole `target` with the bytes from `offset` on, or rejects with a
   * `SourceError`; never short, never padded.
   *
   * The buffer is the source's until the promise settles, and the caller's from
   * then on, after a failure and an abort, too. A source that reads in parts
   * therefore settles only when nothing writes to the buffer any more: it aborts
   * the parts that are under way and waits for them, or has them write to memory
   * of its own. What a read that failed leaves in the buffer is undefined.
   */
  readInto(
    target: Uint8Array,
    offset: number,
    options?: SourceReadOptions,
  ): Promise<void>;
  /**
   * Passes on the bytes of several ranges as they arrive, with as few requests as
   * possible, so that much can be asked for at once and little is held. Optional:
   * only a source far away has it, and `readRanges` reads any.
   *
   * The bytes of one range come in order, and never two pieces at once; after an
   * answer that was cut off or was wrong they come again, and the last ones count.
   * Nothing is passed to `take` after the promise has settled.
   */
  readonly streamRanges?:
    | ((
      ranges: readonly ByteRange[],
      take: TakeBytes,
      options?: SourceReadOptions,
    ) => Promise<void>)
    | undefined;
  /**
   * Throws a `SourceError` if the bytes are no longer those that were opened. A
   * read sees that too, but perhaps some milliseconds late: whoever has read all
   * that he needs makes sure with this. Only where bytes can change unseen.
   */
  readonly checkUnchanged?: (() => void) | undefined;
  /** Is told of bytes that will be read soon. There only where that is of use. */
  readonly willNeed?: ((range: ByteRange) => void) | undefined;
}

/** A source that can also be read without waiting. */
export interface SyncByteSource extends ByteSource {
  /** As `readInto`, at once; it throws where `readInto` rejects. */
  readIntoSync(target: Uint8Array, offset: number): void;
}
