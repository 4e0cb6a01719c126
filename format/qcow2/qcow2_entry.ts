/**
 * Entries of L1 and L2 tables.
 *
 * @module
 */

import type { Qcow2Header } from "./qcow2_header.ts";

/** Where a cluster, or a subcluster, is. */
export type ClusterPlace =
  | { readonly kind: "absent" }
  | { readonly kind: "zero" }
  | { readonly kind: "data"; readonly offset: number }
  | {
    readonly kind: "compressed";
    readonly offset: number;
    /** Bytes up to the end of its last sector; the data may end before. */
    readonly length: number;
  }
  | { readonly kind: "invalid"; readonly why: string };

/** An entry of 64 bits in two unsigned words. */
export interface Words {
  readonly high: number;
  readonly low: number;
}

const HIGH = 0x1_0000_0000;
const SECTOR = 512;
/** Bit 62: the cluster is compressed; in an L1 entry it is reserved. */
const COMPRESSED = 0x40000000;
/** Bits 56 to 61. */
const RESERVED_HIGH = 0x3f000000;
/** Bits 1 to 8. */
const RESERVED_LOW = 0x1fe;
/** Bit 0: the cluster reads as zeros. */
const ZERO = 1;
const ABSENT = { kind: "absent" } as const;
const ALL_ZERO = { kind: "zero" } as const;
const RESERVED = invalid("reserved bits");
const UNALIGNED = invalid("a cluster that is not aligned");

/** Reads the entry at a position of a table. */
export function wordsAt(table: DataView, position: number): Words {
  return {
    high: table.getUint32(position),
    low: table.getUint32(position + 4),
  };
}

/** Formats an entry for an error. */
export function entryText({ high, low }: Words): string {
  return `0x${high.toString(16).padStart(8, "0")}${
    low.toString(16).padStart(8, "0")
  }`;
}

/**
 * Returns the position of an L2 table, 0 if there is none; undefined if a
 * reserved bit is set.
 */
export function l2TableOf({ high, low }: Words): number | undefined {
  const reserved = (high & (RESERVED_HIGH | COMPRESSED)) !== 0 ||
    (low & (RESERVED_LOW | ZERO)) !== 0;
  return reserved ? undefined : positionOf(high, low);
}

/** Returns where the cluster of an L2 entry is, in an image without subclusters. */
export function clusterOf(
  words: Words,
  { version, clusterBits }: Pick<Qcow2Header, "version" | "clusterBits">,
): ClusterPlace {
  const { high, low } = words;
  if ((high & COMPRESSED) !== 0) return compressedOf(words, clusterBits);
  const offset = positionOf(high, low);
  const isZero = (low & ZERO) !== 0;
  // Version 2 has no clusters of zeros.
  if (hasReserved(words) || isZero && version === 2) return RESERVED;
  if (offset % 2 ** clusterBits !== 0) return UNALIGNED;
  if (isZero) return ALL_ZERO;
  return offset === 0 ? ABSENT : { kind: "data", offset };
}

/** Returns where a subcluster is; `offset` is that of its data. */
export function subclusterOf(
  words: Words,
  bitmap: Words,
  { clusterBits, index }: {
    readonly clusterBits: number;
    readonly index: number;
  },
): ClusterPlace {
  const { high, low } = words;
  if ((high & COMPRESSED) !== 0) {
    return bitmap.high === 0 && bitmap.low === 0
      ? compressedOf(words, clusterBits)
      : invalid("subclusters of a compressed cluster");
  }
  if (hasReserved(words) || (low & ZERO) !== 0) return RESERVED;
  const offset = positionOf(high, low);
  if (offset % 2 ** clusterBits !== 0) return UNALIGNED;
  // A wrong bit of one subcluster makes the whole cluster wrong.
  if ((bitmap.high & bitmap.low) !== 0) {
    return invalid("a subcluster both allocated and zero");
  }
  if (offset === 0 && bitmap.low !== 0) {
    return invalid("a subcluster allocated in no cluster");
  }
  if ((bitmap.high >>> index & 1) === 1) return ALL_ZERO;
  return (bitmap.low >>> index & 1) === 1
    ? { kind: "data", offset: offset + index * 2 ** (clusterBits - 5) }
    : ABSENT;
}

function hasReserved({ high, low }: Words): boolean {
  return (high & RESERVED_HIGH) !== 0 || (low & RESERVED_LOW) !== 0;
}

function invalid(why: string): ClusterPlace {
  return { kind: "invalid", why };
}

function compressedOf({ high, low }: Words, clusterBits: number): ClusterPlace {
  // Bits of the high word that belong to the position.
  const bits = 70 - clusterBits - 32;
  const offset = (high & (2 ** bits - 1)) * HIGH + low;
  const sectors = (high & (COMPRESSED - 1)) >>> bits;
  return {
    kind: "compressed",
    offset,
    length: (sectors + 1) * SECTOR - offset % SECTOR,
  };
}

function positionOf(high: number, low: number): number {
  return (high & 0xffffff) * HIGH + (low - low % SECTOR);
}
