import {
  type BlockRun,
  PageBitmap,
  pageCountOf,
} from "../../format/bitmap/mod.ts";
import type {
  ProfileBlock,
  WorkingSetProfile,
} from "../../format/profile/mod.ts";
import { PROFILE_RUNS_MAX } from "../../format/stream/mod.ts";

/** Pages per piece of a bitmap; pieces are allocated on first use. */
const PIECE_PAGES = 0x8000;

interface BlockRecord {
  readonly pageCount: number;
  readonly pieces: Map<number, PageBitmap>;
}

/**
 * Records which pages are requested, in the order of their first requests. Its
 * memory grows with the number of recorded pages, not with the size of the RAM.
 *
 * @example
 * ```ts
 * import { WorkingSetRecorder } from "../doors/qemu.ts";
 * import assert from "node:assert/strict";
 *
 * const blocks = [{ idstr: "pc.ram", usedLength: 0x100000, pageSize: 4096 }];
 * const recorder = new WorkingSetRecorder(blocks);
 * for (const page of [7, 8, 3, 8, 9]) recorder.record("pc.ram", page);
 * const { runs } = recorder.profile("5e".repeat(32));
 * assert.deepEqual(runs, [
 *   { idstr: "pc.ram", first: 7, end: 9 },
 *   { idstr: "pc.ram", first: 3, end: 4 },
 *   { idstr: "pc.ram", first: 9, end: 10 },
 * ]);
 * ```
 */
export class WorkingSetRecorder {
  readonly #blocks: readonly ProfileBlock[];
  readonly #records: ReadonlyMap<string, BlockRecord>;
  readonly #runs: { idstr: string; first: number; end: number }[] = [];
  #pageCount = 0;

  /** Records pages of a snapshot's `blocks`. */
  constructor(blocks: readonly ProfileBlock[]) {
    this.#blocks = blocks.map(({ idstr, usedLength, pageSize }) => ({
      idstr,
      usedLength,
      pageSize,
    }));
    this.#records = new Map(
      blocks.map(({ idstr, usedLength, pageSize }) => [
        idstr,
        { pageCount: pageCountOf(usedLength, pageSize), pieces: new Map() },
      ]),
    );
  }

  /** Number of recorded pages, each counted once. */
  get pageCount(): number {
    return this.#pageCount;
  }

  /**
   * Records a request for a page. Returns whether the page was added: false if
   * it was recorded before, or if all 1,048,576 runs of a profile are in use.
   *
   * @throws {RangeError} if there is no such block or page
   */
  record(idstr: string, pageIndex: number): boolean {
    const record = this.#records.get(idstr);
    if (
      record === undefined || !Number.isInteger(pageIndex) || pageIndex < 0 ||
      pageIndex >= record.pageCount
    ) {
      throw new RangeError(
        `Cannot record page ${pageIndex} of ${JSON.stringify(idstr)}: ` +
          (record === undefined
            ? "there is no such RAMBlock"
            : `expected 0 to ${record.pageCount - 1}`),
      );
    }
    const last = this.#runs.at(-1);
    const extendsLast = last?.idstr === idstr && last.end === pageIndex;
    if (!extendsLast && this.#runs.length === PROFILE_RUNS_MAX) return false;
    if (!markFirst(record, pageIndex)) return false;
    if (extendsLast) last.end++;
    else this.#runs.push({ idstr, first: pageIndex, end: pageIndex + 1 });
    this.#pageCount++;
    return true;
  }

  /**
   * Returns the profile recorded so far, for a snapshot's identity, and for the
   * digest of its file if that is checked.
   */
  profile(
    snapshot: string,
    { digest }: { readonly digest?: string | undefined } = {},
  ): WorkingSetProfile {
    const runs: BlockRun[] = this.#runs.map((run) => ({ ...run }));
    const blocks = this.#blocks;
    return digest === undefined
      ? { snapshot, blocks, runs }
      : { snapshot, digest, blocks, runs };
  }
}

/** Sets the bit of a page; returns false if it was already set. */
function markFirst(record: BlockRecord, pageIndex: number): boolean {
  const number = Math.floor(pageIndex / PIECE_PAGES);
  const page = pageIndex % PIECE_PAGES;
  let piece = record.pieces.get(number);
  if (piece === undefined) {
    record.pieces.set(number, piece = new PageBitmap(PIECE_PAGES));
  } else if (piece.isSet(page)) return false;
  piece.set(page);
  return true;
}
