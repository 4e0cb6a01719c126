import type { PageBitmap } from "../../format/bitmap/mod.ts";
import { differentPages, PageBuffer, sharedBitmap } from "../pages/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { Pace } from "../work/mod.ts";
import { dataChunks } from "./disk_data.ts";
import { GRANULE, type PackGeometry } from "./pack_plan.ts";
import { readChunk } from "./read_chunk.ts";

/**
 * Compares a source with the disk of an image; returns the clusters of the
 * source that differ. What is past the end of the disk is zero.
 */
export async function changedClusters(
  source: ByteSource,
  base: ByteSource,
  { geometry, wanted, signal }: ReadOptions & {
    readonly geometry: PackGeometry;
    readonly wanted: PageBitmap;
  },
): Promise<PageBitmap> {
  const { chunkLength, clusterSize, clusterCount } = geometry;
  const { byteLength } = source;
  const changed = sharedBitmap(clusterCount);
  const [ours, theirs] = [
    new PageBuffer(chunkLength),
    new PageBuffer(chunkLength),
  ];
  const pace = new Pace(signal);
  const inBase = await dataChunks(base, { byteLength, chunkLength, signal });
  const perChunk = chunkLength / GRANULE;
  for (let chunk = 0; chunk < inBase.pageCount; chunk++) {
    const granule = chunk * perChunk;
    const end = Math.min(wanted.pageCount, granule + perChunk);
    const isZero = wanted.nextSet(granule, end) === end;
    if (isZero && !inBase.isSet(chunk)) continue;
    const start = chunk * chunkLength;
    for (const it of readChunk(ours.bytes, start, { wanted, byteLength })) {
      await source.readInto(it.target, it.offset, { signal });
    }
    const covered = Math.max(0, Math.min(chunkLength, base.byteLength - start));
    theirs.bytes.fill(0, covered);
    if (covered > 0) {
      await base.readInto(theirs.bytes.subarray(0, covered), start, { signal });
    }
    const first = start / clusterSize;
    const count = Math.min(chunkLength / clusterSize, clusterCount - first);
    const [one, other] = [ours, theirs].map(({ bytes }) =>
      bytes.subarray(0, count * clusterSize)
    );
    for (const run of differentPages(one, other, clusterSize)) {
      for (let it = run.first; it < run.end; it++) changed.set(first + it);
    }
    await pace.step();
  }
  return changed;
}
