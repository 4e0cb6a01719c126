import {
  bitmapByteLength,
  type BitmapOrder,
  PageBitmap,
  pageRunRange,
  toLsb0,
} from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  bitmapOrderOf,
  findBlock,
  type OpenOptions,
  openSnapshot,
  type RAMBlock,
} from "../reading/mod.ts";
import type { ByteStore } from "../sinks/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { CHUNK } from "../work/mod.ts";
import { RAMBlockWriter } from "./ram_block_writer.ts";

/** A snapshot whose pages are rewritten in place. */
export class SnapshotRewriter {
  /** A writer for each RAMBlock that has pages in the file. */
  readonly blocks: readonly RAMBlockWriter[];
  readonly #store: ByteStore;
  readonly #order: BitmapOrder;
  /** The original bits of each block that was written to, by idstr. */
  readonly #before: ReadonlyMap<string, Uint8Array>;

  /** Use {@linkcode rewriteSnapshot} instead. */
  constructor(
    store: ByteStore,
    { blocks, order, before }: {
      readonly blocks: readonly RAMBlockWriter[];
      readonly order: BitmapOrder;
      readonly before: ReadonlyMap<string, Uint8Array>;
    },
  ) {
    this.#store = store;
    this.#before = before;
    this.blocks = blocks;
    this.#order = order;
  }

  /**
   * Returns the writer of a RAMBlock.
   *
   * @throws {RangeError} if there is no such RAMBlock
   */
  block(idstr: string): RAMBlockWriter {
    return findBlock(this.blocks, { idstr, name: this.#store.name });
  }

  /**
   * Writes the bitmaps of the blocks that were written to, after a flush of the
   * pages. Then, after a flush of the bitmaps, writes zeros over the old bytes
   * of pages that became zero, or punches holes there on request.
   *
   * @throws {RangeError} if holes are requested and the store cannot punch them
   */
  async finish(options: RewriteFinishOptions = {}): Promise<void> {
    const { punchHoles = false } = options;
    const store = this.#store;
    if (punchHoles && store.punchHole === undefined) {
      throw new RangeError(
        `Cannot punch holes into ${JSON.stringify(store.name)}: ` +
          "its store has no punchHole, pass one when opening it",
      );
    }
    await store.flush();
    for (const block of this.blocks) await block.writeBitmap(this.#order);
    await store.flush();
    let isCleared = false;
    for (const block of this.blocks) {
      for (const { offset, length } of await this.#becameZero(block)) {
        isCleared = true;
        if (punchHoles) await store.punchHole?.(offset, length);
        else await this.#writeZeros(offset, length);
      }
    }
    if (isCleared) await store.flush();
  }

  /** Returns the places of the pages of a block that became zero. */
  async #becameZero(block: RAMBlockWriter): Promise<ByteRange[]> {
    const before = this.#before.get(block.idstr);
    if (before === undefined) return []; // The block was not written to.
    const now = await block.bitmap();
    const became = new PageBitmap(
      now.pageCount,
      before.map((byte, index) => byte & ~(now.bytes[index] ?? 0)),
    );
    return [...became.runs()].map((run) => pageRunRange(block, run));
  }

  async #writeZeros(offset: number, length: number): Promise<void> {
    const zeros = new Uint8Array(Math.min(length, CHUNK));
    for (let done = 0; done < length; done += zeros.length) {
      const part = zeros.subarray(0, length - done);
      await this.#store.write(part, offset + done);
    }
  }
}

/** Options of `SnapshotRewriter.finish`. */
export interface RewriteFinishOptions {
  /**
   * Whether to free the disk space of pages that became zero, with the
   * `punchHole` that the store was opened with, such as `punchHole` of
   * `./linux`. Default: false; zeros are written there.
   */
  readonly punchHoles?: boolean | undefined;
}

/**
 * Opens a snapshot to rewrite pages in place. The file keeps its size, and its
 * trailer: records there that describe pages are the caller's to update. Until
 * `finish`, a former zero page still reads as zeros, while a page that was
 * present already shows its new bytes.
 *
 * @example
 * ```ts
 * import { openFileStore, rewriteSnapshot } from "../../mod.ts";
 *
 * async function patch(path: string, page: Uint8Array): Promise<void> {
 *   using store = openFileStore(path);
 *   const rewriter = await rewriteSnapshot(store);
 *   await rewriter.block("pc.ram").writePage(0x100, page);
 *   await rewriter.finish();
 * }
 * ```
 */
export async function rewriteSnapshot(
  store: ByteStore,
  options: OpenOptions & ReadOptions = {},
): Promise<SnapshotRewriter> {
  const order = bitmapOrderOf(options);
  const snapshot = await openSnapshot(store, options);
  const blocks = snapshot.blocks.filter((block) => !block.ignored);
  const before = new Map<string, Uint8Array>();
  const writers = blocks.map((block) =>
    new RAMBlockWriter(block, store, {
      // While a bit is set its page must keep its bytes: `finish` clears them.
      keepsOld: true,
      async loadBitmap() {
        const bitmap = await loadBitmap(store, block, order);
        before.set(block.idstr, bitmap.bytes.slice());
        return bitmap;
      },
    })
  );
  return new SnapshotRewriter(store, { blocks: writers, order, before });
}

/** Reads the bitmap of a block from the file. */
export async function loadBitmap(
  source: ByteSource,
  block: RAMBlock,
  order: BitmapOrder,
): Promise<PageBitmap> {
  const words = new Uint8Array(
    bitmapByteLength(block.pageCount, order.wordSize),
  );
  await source.readInto(words, block.bitmapOffset);
  toLsb0(words, order);
  return new PageBitmap(block.pageCount, words);
}
