import {
  type BitmapOrder,
  pageOffset,
  type PageRun,
} from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import type { RAMBlockHeader } from "../../format/ram/mod.ts";
import { driveSync, type SyncByteSource } from "../sources/mod.ts";
import type { RunOptions } from "./block_pages.ts";
import { RAMBlock } from "./ram_block.ts";

/** A RAMBlock that can also be read synchronously. */
export class SyncRAMBlock extends RAMBlock implements SyncByteSource {
  readonly #source: SyncByteSource;

  /** Called by `openSnapshotSync`. */
  constructor(
    source: SyncByteSource,
    header: RAMBlockHeader,
    options: { readonly order: BitmapOrder },
  ) {
    super(source, header, options);
    this.#source = source;
  }

  /** Same as `hasPage`, synchronously. */
  hasPageSync(pageIndex: number): boolean {
    this.pages.checkPage(pageIndex);
    return this.pages.bitmap.peek(pageIndex) ??
      driveSync(this.pages.bitmap.isSet(pageIndex), this.#source);
  }

  /** Same as `pageRange`, synchronously. */
  pageRangeSync(pageIndex: number): ByteRange | undefined {
    return this.hasPageSync(pageIndex)
      ? this.pages.rangeOf(pageIndex)
      : undefined;
  }

  /** Same as `presentRuns`, synchronously. */
  *presentRunsSync(
    options: Omit<RunOptions, "signal"> = {},
  ): Generator<PageRun> {
    const end = this.pages.runEnd(options);
    for (let from = options.first ?? 0;;) {
      const run = driveSync(this.pages.bitmap.nextRun(from, end), this.#source);
      if (run === undefined) return;
      yield run;
      from = run.end;
    }
  }

  /** Same as `countPresent`, synchronously. */
  countPresentSync(options: Omit<RunOptions, "signal"> = {}): number {
    const end = this.pages.runEnd(options);
    const walk = this.pages.bitmap.count(options.first ?? 0, end);
    return driveSync(walk, this.#source);
  }

  /** Same as `readPage`, synchronously. */
  readPageSync(pageIndex: number): Uint8Array {
    const page = new Uint8Array(this.pageSize);
    this.readPageIntoSync(page, pageIndex);
    return page;
  }

  /** Same as `readPageInto`, synchronously. */
  readPageIntoSync(target: Uint8Array, pageIndex: number): boolean {
    this.pages.checkTarget(target);
    try {
      const present = this.hasPageSync(pageIndex);
      if (present) {
        this.#source.readIntoSync(target, pageOffset(this, pageIndex));
      } else {
        target.fill(0);
      }
      return present;
    } catch (error) {
      throw this.pages.withPage(error, pageIndex * this.pageSize);
    }
  }

  /** Same as `readRange`, synchronously. */
  readRangeSync(range: ByteRange): Uint8Array {
    this.pages.checkRange(range.offset, range.length);
    const target = new Uint8Array(range.length);
    this.readIntoSync(target, range.offset);
    return target;
  }

  /** Same as `readInto`, synchronously. */
  readIntoSync(target: Uint8Array, offset: number): void {
    try {
      driveSync(this.pages.rangeWalk(target, offset), this.#source);
    } catch (error) {
      throw this.pages.withPage(error, offset);
    }
  }
}
