import { ByteWriter } from "../bytes/mod.ts";

/** log2 of the bits of a reference count. */
export const REFCOUNT_ORDER = 4;
const REFCOUNT_LENGTH = 2;

/** The table of reference counts, and its blocks, at the end of an image. */
export interface RefcountLayout {
  /** Position of the table, after everything that is counted. */
  readonly tableOffset: number;
  /** Clusters of the table. */
  readonly tableClusters: number;
  /** Number of blocks, of a cluster each, after the table. */
  readonly blockCount: number;
  /** End of the image. */
  readonly end: number;
}

/** Lays out the reference counts of an image that is filled up to `end`. */
export function refcountLayout(
  end: number,
  clusterSize: number,
): RefcountLayout {
  const perBlock = clusterSize / REFCOUNT_LENGTH;
  const used = end / clusterSize;
  let tableClusters = 1;
  let blockCount = 1;
  for (;;) {
    const total = used + tableClusters + blockCount;
    const blocks = Math.ceil(total / perBlock);
    const tables = Math.ceil(blocks * 8 / clusterSize);
    if (blocks === blockCount && tables === tableClusters) break;
    blockCount = blocks;
    tableClusters = tables;
  }
  return {
    tableOffset: end,
    tableClusters,
    blockCount,
    end: end + (tableClusters + blockCount) * clusterSize,
  };
}

/** Returns the bytes of the table: the positions of the blocks. */
export function writeRefcountTable(
  { tableOffset, tableClusters, blockCount }: RefcountLayout,
  clusterSize: number,
): Uint8Array {
  const writer = new ByteWriter();
  for (let block = 0; block < blockCount; block++) {
    writer.be64(tableOffset + (tableClusters + block) * clusterSize);
  }
  return writer.finish();
}

/**
 * Returns the bytes of a block: the counts of the clusters from `first` on, one
 * for each that is not in `counts`, up to the end of the image.
 */
export function writeRefcountBlock(
  layout: RefcountLayout,
  counts: Uint16Array,
  { block, clusterSize }: {
    readonly block: number;
    readonly clusterSize: number;
  },
): Uint8Array {
  const bytes = new Uint8Array(clusterSize);
  const view = new DataView(bytes.buffer);
  const perBlock = clusterSize / REFCOUNT_LENGTH;
  const first = block * perBlock;
  const used = layout.tableOffset / clusterSize;
  const end = Math.min(first + perBlock, layout.end / clusterSize);
  for (let cluster = first; cluster < end; cluster++) {
    const count = cluster < used ? counts[cluster] : 1;
    view.setUint16((cluster - first) * REFCOUNT_LENGTH, count);
  }
  return bytes;
}
