import {
  bitmapByteLength,
  type BitmapOrder,
  PageBitmap,
  toLsb0,
} from "../format/mod.ts";
import {
  bitmapOrderOf,
  type OpenOptions,
  openSnapshot,
} from "./open_snapshot.ts";
import type { RAMBlock } from "./ram_block.ts";
import { RAMBlockWriter } from "./ram_block_writer.ts";
import type { ByteStore } from "./sinks/byte_sink.ts";
import { findWriter } from "./snapshot_writer.ts";
import type { ReadOptions } from "./sources/byte_source.ts";

/** A snapshot whose pages are re-written where they are. */
export class SnapshotRewriter {
  /** A writer for each RAMBlock that has pages in the file. */
  readonly blocks: readonly RAMBlockWriter[];
  readonly #store: ByteStore;
  readonly #order: BitmapOrder;

  /** Made by {@linkcode rewriteSnapshot}. */
  constructor(
    store: ByteStore,
    blocks: readonly RAMBlockWriter[],
    order: BitmapOrder,
  ) {
    this.#store = store;
    this.blocks = blocks;
    this.#order = order;
  }

  /** The writer of the RAMBlock of that idstr. */
  block(idstr: string): RAMBlockWriter {
    return findWriter(this.blocks, idstr, this.#store.name);
  }

  /** Writes the bitmaps of the blocks written to, behind a flush of the pages. */
  async finish(): Promise<void> {
    await this.#store.flush();
    for (const block of this.blocks) await block.writeBitmap(this.#order);
    await this.#store.flush();
  }
}

/**
 * Opens a snapshot to write pages of it again, in place. The file keeps its
 * size. Until `finish`, a page that was a zero page still reads as one, while a
 * page that was there already shows its new bytes.
 *
 * @example
 * ```ts
 * import { openFileStore, rewriteSnapshot } from "../mod.ts";
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
  const writers = blocks.map((block) =>
    new RAMBlockWriter(block, store, () => loadBitmap(store, block, order))
  );
  return new SnapshotRewriter(store, writers, order);
}

async function loadBitmap(
  store: ByteStore,
  block: RAMBlock,
  order: BitmapOrder,
): Promise<PageBitmap> {
  const words = new Uint8Array(
    bitmapByteLength(block.pageCount, order.wordSize),
  );
  await store.readInto(words, block.bitmapOffset);
  toLsb0(words, order);
  return new PageBitmap(block.pageCount, words);
}
