import { pageOffset, type PageRun } from "../../format/bitmap/mod.ts";
import { checkSameFile, LocalFile, nodeFs } from "../local/mod.ts";
import { isZero, storePages } from "../pages/mod.ts";
import type { BackingFile } from "../sources/mod.ts";

/** The one page of a write, if it is not all zero. */
const ONE_PAGE: readonly PageRun[] = [{ first: 0, end: 1 }];

/** What another thread needs to write pages of a block; `postMessage` takes it. */
export interface BlockShare {
  /** QEMU's name of the block. */
  readonly idstr: string;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** How many pages the block has. */
  readonly pageCount: number;
  /** Position of page 0 in the file. */
  readonly pagesOffset: number;
  /** The file. */
  readonly file: BackingFile;
  /** The bits of the pages that are stored, which all threads have. */
  readonly bits: Int32Array;
}

/**
 * Writes pages of a block that another thread shares, by
 * `RAMBlockWriter.share()`. Any number of threads may write at once, each page by
 * one of them at a time; the last time that a page is written wins.
 *
 * @throws {SourceError} if the file is not there any more
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

  /** Opens the file again, for this thread. */
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
