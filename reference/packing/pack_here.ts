import type { ByteSink } from "../sinks/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { Pace, type ProgressReport } from "../work/mod.ts";
import { ChunkPacker } from "./chunk_packer.ts";
import { placeChunk } from "./chunk_placer.ts";
import { clusterCompressor } from "./cluster_compressor.ts";
import type { PackJob } from "./pack_task.ts";
import { readChunk } from "./read_chunk.ts";

/** Numbers of clusters that are stored. */
export interface PackCounts {
  compressed: number;
  plain: number;
}

/** Packs on the calling thread, from any source to any sink. */
export async function packHere(
  job: PackJob,
  { source, sink, report, signal }: ReadOptions & {
    readonly source: ByteSource;
    readonly sink: ByteSink;
    readonly report: ProgressReport;
  },
): Promise<PackCounts> {
  const { geometry, compression, chunks, tables, changed } = job;
  const { clusterSize, chunkLength, clusterCount } = geometry;
  const compress = clusterCompressor(compression, clusterSize);
  const kept = { clusterSize, chunkLength, kept: 1 };
  const packer = new ChunkPacker(compress, kept);
  const counts = { compressed: 0, plain: 0 };
  const perChunk = chunkLength / clusterSize;
  const pace = new Pace(signal);
  for (const number of chunks) {
    const start = number * chunkLength;
    for (const it of readChunk(packer.buffer.bytes, start, job)) {
      await source.readInto(it.target, it.offset, { signal });
    }
    const firstCluster = number * perChunk;
    const chunk = packer.pack({
      firstCluster,
      clusterCount: Math.min(perChunk, clusterCount - firstCluster),
      changed,
    });
    for (const { bytes, offset } of placeChunk(chunk, tables)) {
      await sink.write(bytes, offset);
    }
    counts.compressed += chunk.compressedCount;
    counts.plain += chunk.stored.length - chunk.compressedCount;
    report.advance(Math.min(chunkLength, job.byteLength - start), 0);
    report.tell();
    await pace.step();
  }
  return counts;
}
