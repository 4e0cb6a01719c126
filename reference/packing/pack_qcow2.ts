import {
  refcountLayout,
  usedEntry,
  writeQcow2Header,
  writeRefcountBlock,
  writeRefcountTable,
} from "../../format/packing/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ByteSource } from "../sources/mod.ts";
import { ProgressReport } from "../work/mod.ts";
import { changedClusters } from "./changed_clusters.ts";
import { chooseCompression } from "./cluster_compressor.ts";
import { packHere } from "./pack_here.ts";
import { packInLanes } from "./pack_in_lanes.ts";
import type { PackOptions, PackSummary } from "./pack_options.ts";
import {
  chunksToPack,
  packGeometry,
  planTables,
  wantedGranules,
} from "./pack_plan.ts";
import type { PackJob } from "./pack_task.ts";

/**
 * Packs a source into a qcow2 image, and commits the sink. Clusters of zeros are
 * left out, the others compressed; one that compression does not make smaller is
 * stored as it is. The tables come first, so that few reads open the image. A
 * failure aborts the sink.
 *
 * The disk in the image is the source, followed by zeros up to a multiple of 512
 * bytes: the length of a disk is one. `snapshotLength` returns that of a
 * snapshot on it.
 *
 * @throws {SourceError} if the source or the backing cannot be read, the sink
 * cannot be written, or the runtime cannot compress like that
 * @throws {RangeError} if an option is out of range
 *
 * @example
 * ```ts
 * import { memorySink, memorySource } from "../../mod.ts";
 * import { packQcow2 } from "../doors/convert.ts";
 * import assert from "node:assert/strict";
 *
 * const image = memorySink();
 * const source = memorySource(new Uint8Array(0x100000).fill(7));
 * const { compressedClusters } = await packQcow2(source, image);
 * assert.equal(compressedClusters, 16);
 * ```
 */
export async function packQcow2(
  source: ByteSource,
  sink: ByteSink,
  options: PackOptions = {},
): Promise<PackSummary> {
  const { commit = true } = options;
  try {
    const summary = await pack(source, sink, options);
    if (commit) await sink.commit();
    return summary;
  } catch (error) {
    if (commit) await sink.abort().catch(() => {});
    throw error;
  }
}

async function pack(
  source: ByteSource,
  sink: ByteSink,
  options: PackOptions,
): Promise<PackSummary> {
  const { dataRanges, backing, jobs = 1, signal, onProgress } = options;
  signal?.throwIfAborted();
  const { byteLength } = source;
  const compression = chooseCompression(options);
  const geometry = packGeometry(source, options);
  const wanted = await wantedGranules(byteLength, dataRanges);
  const report = new ProgressReport(byteLength, onProgress);
  const changed = backing && await changedClusters(source, backing.source, {
    geometry,
    wanted,
    signal,
  });
  const chunks = chunksToPack(geometry, wanted, changed);
  const { chunkLength } = geometry;
  report.skip(Math.max(0, byteLength - chunks.length * chunkLength));
  const tables = planTables(geometry, chunks);
  const job: PackJob = {
    geometry,
    compression,
    byteLength,
    tables,
    chunks,
    wanted,
    changed,
  };
  const hasRanges = dataRanges !== undefined;
  const ends = { source, sink, report, signal };
  const counts = jobs > 1
    ? await packInLanes(job, { ...ends, jobs, hasRanges })
    : undefined;
  const { compressed, plain } = counts ?? await packHere(job, ends);
  const imageLength = await writeTables(job, sink, backing);
  source.checkUnchanged?.();
  return {
    diskLength: geometry.diskLength,
    imageLength,
    clusterSize: geometry.clusterSize,
    compression: compression.type,
    compressedClusters: compressed,
    plainClusters: plain,
  };
}

/** Writes the header, the L1 table and the reference counts. */
async function writeTables(
  { geometry, compression, tables }: PackJob,
  sink: ByteSink,
  backing: PackOptions["backing"],
): Promise<number> {
  const { clusterSize, clusterBits, diskLength, l1Count } = geometry;
  const { l2Offsets, counts, space } = tables;
  const layout = refcountLayout(space[1], clusterSize);
  await sink.setLength(layout.end);
  for (let block = 0; block < layout.blockCount; block++) {
    const bytes = writeRefcountBlock(layout, counts, { block, clusterSize });
    const index = layout.tableClusters + block;
    await sink.write(bytes, layout.tableOffset + index * clusterSize);
  }
  const table = writeRefcountTable(layout, clusterSize);
  await sink.write(table, layout.tableOffset);
  const l1 = new DataView(new ArrayBuffer(l1Count * 8));
  for (const [index, offset] of l2Offsets.entries()) {
    if (offset !== 0) l1.setBigUint64(index * 8, usedEntry(offset));
  }
  await sink.write(new Uint8Array(l1.buffer), clusterSize);
  const header = writeQcow2Header({
    byteLength: diskLength,
    clusterBits,
    compression: compression.type,
    l1Offset: clusterSize,
    l1Count,
    refcounts: layout,
    backing: backing && { name: backing.name, format: backing.format },
  });
  await sink.write(header, 0);
  return layout.end;
}
