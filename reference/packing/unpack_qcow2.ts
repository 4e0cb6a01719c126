import { PageBuffer } from "../pages/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import {
  backingOf,
  type ByteSource,
  type ReadOptions,
} from "../sources/mod.ts";
import {
  entryUrl,
  inLanes,
  type Progress,
  ProgressReport,
} from "../work/mod.ts";
import { laneCount, LanePool } from "../lanes/mod.ts";
import { chainFiles } from "./chain_files.ts";
import { dataChunks } from "./disk_data.ts";
import { dataRuns } from "./data_runs.ts";
import { unpackSteps } from "./unpack_lane.ts";
import {
  UNPACK_CHUNK,
  UNPACK_CONTROL,
  type UnpackTask,
} from "./unpack_task.ts";

/** Options of {@linkcode unpackQcow2}. */
export interface UnpackOptions extends ReadOptions {
  /** Bytes of the disk to write. Default: all; see `snapshotLength`. */
  readonly byteLength?: number | undefined;
  /**
   * Maximum threads that unpack local images into a file. Default: 1, the thread
   * of the caller.
   */
  readonly jobs?: number | undefined;
  /** Called from time to time with the progress; `idstr` is empty. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Chunks of a disk to write. */
interface UnpackJob extends ReadOptions {
  readonly disk: ByteSource;
  readonly sink: ByteSink;
  readonly byteLength: number;
  readonly chunks: Uint32Array;
  readonly report: ProgressReport;
}

/**
 * Writes the disk in a qcow2 image, as `openQcow2` opens it, to a sink, and
 * commits that. Zeros become holes. A failure aborts the sink.
 *
 * @throws {FormatError} if the image breaks a rule
 * @throws {SourceError} if it cannot be read, or the sink cannot be written
 *
 * @example
 * ```ts
 * import { memorySink, memorySource } from "../../mod.ts";
 * import { openQcow2, packQcow2, unpackQcow2 } from "../doors/convert.ts";
 * import assert from "node:assert/strict";
 *
 * const image = memorySink();
 * const bytes = new Uint8Array(0x20000).fill(7);
 * await packQcow2(memorySource(bytes), image);
 * const file = memorySink();
 * await unpackQcow2(await openQcow2(memorySource(image.bytes())), file);
 * assert.deepEqual(file.bytes(), bytes);
 * ```
 */
export async function unpackQcow2(
  disk: ByteSource,
  sink: ByteSink,
  options: UnpackOptions = {},
): Promise<void> {
  try {
    await unpack(disk, sink, options);
    await sink.commit();
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

async function unpack(
  disk: ByteSource,
  sink: ByteSink,
  options: UnpackOptions,
): Promise<void> {
  const { byteLength = disk.byteLength, jobs = 1, signal } = options;
  const chunkLength = UNPACK_CHUNK;
  const data = await dataChunks(disk, { byteLength, chunkLength, signal });
  const chunks = Uint32Array.from(numbersOf(data.runs()));
  const report = new ProgressReport(byteLength, options.onProgress);
  report.skip(Math.max(0, byteLength - chunks.length * UNPACK_CHUNK));
  await sink.setLength(byteLength);
  const job = { disk, sink, byteLength, chunks, report, signal };
  const isDone = jobs > 1 && await unpackInLanes(job, jobs);
  if (!isDone) await unpackHere(job);
  disk.checkUnchanged?.();
}

function* numbersOf(
  runs: Iterable<{ readonly first: number; readonly end: number }>,
): Generator<number> {
  for (const { first, end } of runs) {
    for (let number = first; number < end; number++) yield number;
  }
}

/** Unpacks on threads; returns false if they cannot open the files. */
async function unpackInLanes(
  { disk, sink, byteLength, chunks, report, signal }: UnpackJob,
  jobs: number,
): Promise<boolean> {
  const lanes = laneCount(chunks.length * UNPACK_CHUNK, jobs);
  const [chain, to] = [chainFiles(disk), backingOf(sink)];
  if (lanes < 2 || chain === undefined || to?.kind !== "file") return false;
  const buffer = new SharedArrayBuffer(4 * UNPACK_CONTROL.length);
  const control = new Int32Array(buffer);
  const url = entryUrl("./unpack_worker.ts", import.meta.url);
  using pool = new LanePool<UnpackTask>(url, lanes - 1);
  const { done } = report;
  const task = { chain, to, byteLength, chunks, control };
  await pool.run(task, {
    signal,
    steps: unpackSteps(task),
    onPoll() {
      const count = Atomics.load(control, UNPACK_CONTROL.done);
      report.done = Math.min(byteLength, done + count * UNPACK_CHUNK);
      report.tell();
    },
  });
  return true;
}

async function unpackHere(
  { disk, sink, byteLength, chunks, report, signal }: UnpackJob,
): Promise<void> {
  const { parallelReads = 1 } = disk;
  const buffers = Array.from(
    { length: Math.min(parallelReads, Math.max(1, chunks.length)) },
    () => new PageBuffer(UNPACK_CHUNK),
  );
  await inLanes(buffers, chunks.values(), async (chunk, buffer) => {
    const offset = chunk * UNPACK_CHUNK;
    const length = Math.min(UNPACK_CHUNK, byteLength - offset);
    const target = buffer.bytes.subarray(0, length);
    await disk.readInto(target, offset, { signal });
    for (const { bytes, start } of dataRuns(buffer, length)) {
      await sink.write(bytes, offset + start);
    }
    report.advance(length, 0);
    report.tell();
  });
}
