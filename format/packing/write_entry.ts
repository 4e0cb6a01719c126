/** Bit 63: this table is the only user of the cluster. */
const COPIED = 1n << 63n;
const COMPRESSED = 1n << 62n;
const SECTOR = 512;

/** The L2 entry of a cluster that reads as zeros, whatever is below it. */
export const ZERO_ENTRY = 1n;

/** Returns the entry of a cluster or table that is used once. */
export function usedEntry(offset: number): bigint {
  return COPIED | BigInt(offset);
}

/** Returns the L2 entry of a compressed cluster of `length` bytes. */
export function compressedEntry(
  offset: number,
  length: number,
  clusterBits: number,
): bigint {
  const first = Math.floor(offset / SECTOR);
  const last = Math.floor((offset + length - 1) / SECTOR);
  return COMPRESSED | BigInt(last - first) << BigInt(70 - clusterBits) |
    BigInt(offset);
}
