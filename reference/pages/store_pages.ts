import { PageBitmap, type PageRun } from "../../format/bitmap/mod.ts";
import { clearBits, setBits } from "./atomic_bits.ts";

/** Pages whose place in the file must be written. */
export interface PageChange extends PageRun {
  /** Whether they are zero now, so that zeros overwrite their old content. */
  readonly isZero: boolean;
}

/**
 * Stores the pages of a run. The bit of an all-zero page is cleared, and its
 * old content is overwritten with zeros; any other page is written, then its
 * bit is set.
 *
 * Yields the pages that the caller must write, in order. Their bits change when
 * the caller requests the next ones, so they do not change if its write fails.
 */
export function* storePages(
  words: Int32Array,
  pages: PageRun & {
    /** The runs of pages that are not all zero, counted from `first`. */
    readonly nonZero: Iterable<PageRun>;
  },
): Generator<PageChange> {
  let done = pages.first;
  for (const run of pages.nonZero) {
    const first = pages.first + run.first;
    const end = pages.first + run.end;
    yield* clearPages(words, done, first);
    yield { first, end, isZero: false };
    setBits(words, first, end);
    done = end;
  }
  yield* clearPages(words, done, pages.end);
}

function* clearPages(
  words: Int32Array,
  first: number,
  end: number,
): Generator<PageChange> {
  if (first === end) return;
  const { buffer, byteOffset, byteLength } = words;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  for (const run of new PageBitmap(end, bytes).runs(first)) {
    yield { first: run.first, end: run.end, isZero: true };
  }
  clearBits(words, first, end);
}
