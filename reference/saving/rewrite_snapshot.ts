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

/** A snapshot whose pages are re-written where they are. */
export class SnapshotRewriter {
  /** A writer for each RAMBlock that has pages in the file. */
  readonly blocks: readonly RAMBlockWriter[];
  readonly #store: ByteStore;
  readonly #order: BitmapOrder;
  /** The bits of each block written to, by idstr, as they were. */
  readonly #before: ReadonlyMap<string, Uint8Array>;

  /** Made by {@linkcode rewriteSnapshot}. */
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

  /** The writer of the RAMBlock of that idstr. */
  block(idstr: string): RAMBlockWriter {
    return findBlock(this.blocks, { idstr, name: this.#store.name });
  }

  /**
   * Writes the bitmaps of the blocks written to, after a flush of the pages;
   * then, after a flush of the bitmaps, zeros over the old bytes of pages that
   * became zero, or punches holes there if asked to.
   *
   * @throws {RangeError} if holes are asked for of a store that makes none
   */
  async finish(options: RewriteFinishOptions = {}): Promise<void> {
    const { punchHoles = false } = options;
    const store = this.#store;
    if (punchHoles && store.punchHole === undefined) {
      throw new RangeError(
        `Cannot punch holes into ${JSON.stringify(store.name)}: ` +
          "its store does not know how",
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

  /** Where the pages of a block were that are zero now. */
  async #becameZero(block: RAMBlockWriter): Promise<ByteRange[]> {
    const before = this.#before.get(block.idstr);
    if (before === undefined) return []; // Nothing of it was written.
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

/** How to finish a rewrite. */
export interface RewriteFinishOptions {
  /**
   * Whether to give the space of pages that became zero back to the file system,
   * by the `punchHole` that the store was opened with: `punchHole` of `./linux`
   * is one. Default: false, zeros are written there.
   */
  readonly punchHoles?: boolean | undefined;
}

/**
 * Opens a snapshot to write pages of it again, in place. The file keeps its
 * size. Until `finish`, a page that was a zero page still reads as one, while a
 * page that was there already shows its new bytes.
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
      // A bit that is set is not to be that of other bytes: they go at the end.
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

/** The bitmap as the file has it. */
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
