import { pageOffset, type PageRun } from "../../format/bitmap/mod.ts";
import { checkSameFile, LocalFile, nodeFs } from "../local/mod.ts";
import { isZero, storePages } from "../pages/mod.ts";
import type { BackingFile } from "../sources/mod.ts";

/** The runs of a write of one nonzero page. */
const ONE_PAGE: readonly PageRun[] = [{ first: 0, end: 1 }];

/** A block that another thread can write; pass it by `postMessage`. */
export interface BlockShare {
  /** QEMU's name of the block. */
  readonly idstr: string;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Number of pages. */
  readonly pageCount: number;
  /** Offset of page 0 in the file. */
  readonly pagesOffset: number;
  /** The file. */
  readonly file: BackingFile;
  /** The bits of the stored pages, shared by all threads. */
  readonly bits: Int32Array;
}

/**
 * Writes pages of a block that another thread shares with
 * `RAMBlockWriter.share()`. Any number of threads may write at once, but each
 * page only one of them at a time; the last write of a page wins.
 *
 * @throws {SourceError} if the file no longer exists
 *
 * @example
 * ```ts
 * import { createFileSink, createSnapshot, SharedBlockWriter } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const path = `${await Deno.makeTempDir()}/vm.mr`;
 * const writer = await createSnapshot(createFileSink(path), [{
 *   idstr: "ram",
 *   usedLength: 0x10000,
 * }]);
 * const share = await writer.block("ram").share();
 * { // in another thread
 *   using block = new SharedBlockWriter(share);
 *   block.writePageSync(3, new Uint8Array(4096).fill(1));
 * }
 * assert.equal(await writer.block("ram").presentCount(), 1);
 * await writer.finish();
 * ```
 */
export class SharedBlockWriter implements Disposable {
  readonly #share: BlockShare;
  readonly #file: LocalFile;

  /** Opens the file for this thread. */
  constructor(share: BlockShare) {
    this.#share = share;
    const { path, name } = share.file;
    const { O_RDWR } = nodeFs().constants;
    const file = new LocalFile(path, O_RDWR, 0, name);
    this.#file = checkSameFile(file, share.file);
  }

  /** Writes a page. Returns whether it is stored: a zero page is not. */
  writePageSync(pageIndex: number, bytes: Uint8Array): boolean {
    const { idstr, pageSize, pageCount, bits } = this.#share;
    const inside = Number.isInteger(pageIndex) && pageIndex >= 0 &&
      pageIndex < pageCount;
    if (!inside || bytes.length !== pageSize) {
      throw new RangeError(
        `Cannot write ${bytes.length} bytes at page ${pageIndex} of ` +
          `${JSON.stringify(idstr)}: expected ${pageSize} bytes inside ` +
          `${pageCount} pages`,
      );
    }
    const nonZero = isZero(bytes) ? [] : ONE_PAGE;
    const pages = { first: pageIndex, end: pageIndex + 1, nonZero };
    for (const { first } of storePages(bits, pages)) {
      this.#file.writeSync(bytes, pageOffset(this.#share, first));
    }
    return nonZero.length > 0;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
