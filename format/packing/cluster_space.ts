/** How far an image is filled. */
export interface FilledSpace {
  /** End of the compressed clusters: the next one starts here if it fits. */
  readonly packedEnd: number;
  /** End of the clusters that are used. */
  readonly clusterEnd: number;
}

/** Where clusters are put. */
export interface PlacedClusters {
  /** Their positions in the image, in order. */
  readonly positions: readonly number[];
  readonly space: FilledSpace;
}

/**
 * Places clusters, given by their lengths: those of a whole cluster at a
 * multiple of it, after the compressed ones, which follow each other.
 */
export function placeClusters(
  { packedEnd, clusterEnd }: FilledSpace,
  lengths: readonly number[],
  clusterSize: number,
): PlacedClusters {
  const positions = new Array<number>(lengths.length);
  for (const [index, length] of lengths.entries()) {
    if (length === clusterSize) continue;
    const boundary = packedEnd + (clusterSize - packedEnd % clusterSize) %
        clusterSize;
    if (packedEnd + length > boundary && boundary !== clusterEnd) {
      packedEnd = clusterEnd;
    }
    positions[index] = packedEnd;
    packedEnd += length;
    while (clusterEnd < packedEnd) clusterEnd += clusterSize;
  }
  for (const [index, length] of lengths.entries()) {
    if (length !== clusterSize) continue;
    positions[index] = clusterEnd;
    clusterEnd += clusterSize;
  }
  return { positions, space: { packedEnd, clusterEnd } };
}
