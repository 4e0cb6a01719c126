import { blockRange, type PageRun } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import type { GuestRange } from "../convert/mod.ts";

/** A part of a run of pages, and where the guest sees it. */
export interface AddressedRun extends PageRun, ByteRange {
  /** Guest-physical address of the first byte, if it is known. */
  readonly address: number | undefined;
}

/**
 * Splits a run of a RAMBlock's pages where its guest-physical addresses do not
 * go on. `ranges` are those of the block, in the order of their offsets.
 */
export function* addressedRuns(
  run: PageRun,
  pageSize: number,
  ranges: readonly GuestRange[],
): Generator<AddressedRun> {
  for (let first = run.first; first < run.end;) {
    const start = first * pageSize;
    const range = ranges.find((it) =>
      it.offset <= start && start < it.offset + it.length
    );
    const stop = range === undefined
      ? ranges.find((it) => it.offset > start)?.offset ?? Infinity
      : range.offset + range.length;
    const end = Math.min(run.end, Math.max(first + 1, stop / pageSize));
    const part = { first, end: Math.floor(end) };
    yield {
      ...part,
      ...blockRange(pageSize, part),
      address: range && range.address + start - range.offset,
    };
    first = part.end;
  }
}
