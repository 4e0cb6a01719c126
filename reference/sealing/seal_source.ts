import { hexBytes } from "../../format/bytes/mod.ts";
import {
  HASH_LENGTH,
  TreeGeometry,
  verityDigestText,
  writeVerityDescriptor,
} from "../../format/verity/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ByteSource } from "../sources/mod.ts";
import { ProgressReport } from "../work/mod.ts";
import {
  type DataUnit,
  dataUnits,
  type Hashing,
  hashWithRuntime,
  unitCount,
  unitWork,
  zeroBlocks,
} from "../hashing/mod.ts";
import type { SealJob, SealOptions, SealSummary } from "./seal_options.ts";
import { UpperLevels } from "./upper_levels.ts";

/** Units whose hashes are kept until they are added to the tree. */
const BATCH = 1024;

/**
 * Writes the sidecar of a source to a sink and commits it: what
 * {@linkcode verifiedSource} needs besides the digest, which is that of
 * `fsverity digest`. A failure aborts the sink.
 * In a browser WebCrypto computes the hashes.
 *
 * Hash blocks of zeros become holes, so that the sidecar of a sparse file is
 * sparse, too.
 *
 * @throws {SourceError} if the source cannot be read, or has changed meanwhile,
 * or the sink cannot be written
 * @throws {RangeError} if `dataRanges` is not in order
 *
 * @example
 * ```ts
 * import { memorySink, memorySource, sealSource } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const sidecar = memorySink();
 * const source = memorySource(new Uint8Array(10_000).fill(7));
 * const { digest, sidecarLength } = await sealSource(source, sidecar);
 * assert.match(digest, /^sha256:[0-9a-f]{64}$/);
 * assert.equal(sidecarLength, 8192);
 * ```
 */
export async function sealSource(
  source: ByteSource,
  sink: ByteSink,
  options: SealOptions = {},
): Promise<SealSummary> {
  const { commit = true } = options;
  try {
    const summary = await hashSource(source, sink, options);
    if (commit) await sink.commit();
    return summary;
  } catch (error) {
    if (commit) await sink.abort().catch(() => {});
    throw error;
  }
}

/**
 * Returns the digest of a source, as `fsverity digest` prints it, without
 * writing a sidecar.
 *
 * @throws {SourceError} if the source cannot be read, or has changed meanwhile
 * @throws {RangeError} if `dataRanges` is not in order
 *
 * @example
 * ```ts
 * import { memorySource, verityDigest } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(
 *   await verityDigest(memorySource(new Uint8Array(0))),
 *   "sha256:3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95",
 * );
 * ```
 */
export async function verityDigest(
  source: ByteSource,
  options: Omit<SealOptions, "commit"> = {},
): Promise<string> {
  const { digest } = await hashSource(source, undefined, options);
  return digest;
}

async function hashSource(
  source: ByteSource,
  sink: ByteSink | undefined,
  options: SealJob,
): Promise<SealSummary> {
  const { dataRanges, jobs = 1, signal } = options;
  signal?.throwIfAborted();
  const geometry = new TreeGeometry(source.byteLength);
  const { dataLength, sidecarLength, levels } = geometry;
  const ranges = [...dataRanges ?? [{ offset: 0, length: dataLength }]];
  let work = 0;
  for (const unit of dataUnits(geometry, ranges)) {
    work += unitWork(unit, dataLength);
  }
  const report = new ProgressReport(dataLength, options.onProgress);
  report.skip(dataLength - work);
  await sink?.setLength(sidecarLength);
  const zeros = await hashWithRuntime(zeroBlocks(levels.length));
  const job = { ...options, source, sink, geometry, zeros, report };
  const inLanes = jobs > 1
    ? (await import("./hash_in_lanes.ts")).hashInLanes(job, work)
    : undefined;
  using hashUnits = inLanes ??
    (await import("./hash_here.ts")).hashHere(job);
  const upper = new UpperLevels(geometry, zeros);
  const build = async (hashing: Hashing<void>) => {
    await hashWithRuntime(hashing);
    for (const { bytes, offset } of upper.takeParts()) {
      await sink?.write(bytes, offset);
    }
  };
  let next = 0;
  for (const units of batchesOf(dataUnits(geometry, ranges))) {
    const hashes = await hashUnits.run(units);
    for (const [index, { unit }] of units.entries()) {
      await build(upper.addZeros(unit - next));
      const start = index * HASH_LENGTH;
      await build(upper.add(hashes.slice(start, start + HASH_LENGTH)));
      next = unit + 1;
    }
  }
  await build(upper.addZeros(unitCount(geometry) - next));
  const rootHash = upper.root;
  const descriptor = writeVerityDescriptor({ dataLength, rootHash });
  const digest = await hashWithRuntime(digestOf(descriptor));
  await sink?.write(descriptor, 0);
  source.checkUnchanged?.();
  // Progress may be reported once only, when all is hashed.
  signal?.throwIfAborted();
  return { digest, dataLength, sidecarLength };
}

function* digestOf(descriptor: Uint8Array): Hashing<string> {
  const [hash] = yield [descriptor];
  return verityDigestText(hexBytes(hash));
}

function* batchesOf(units: Iterable<DataUnit>): Generator<DataUnit[]> {
  let batch: DataUnit[] = [];
  for (const unit of units) {
    if (batch.push(unit) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
