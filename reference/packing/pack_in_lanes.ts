import {
  backingOf,
  type ByteSource,
  type ReadOptions,
} from "../sources/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { entryUrl, type ProgressReport } from "../work/mod.ts";
import { isSparse, laneCount, LanePool } from "../lanes/mod.ts";
import type { PackCounts } from "./pack_here.ts";
import { packSteps } from "./pack_lane.ts";
import { PACK_CONTROL, type PackJob, type PackTask } from "./pack_task.ts";

/** Options of {@linkcode packInLanes}. */
interface LanesOptions extends ReadOptions {
  readonly source: ByteSource;
  readonly sink: ByteSink;
  readonly jobs: number;
  readonly report: ProgressReport;
  /** Whether the ranges that hold data were given. */
  readonly hasRanges: boolean;
}

/**
 * Packs on several threads; returns undefined if they cannot read the source or
 * write the image, or if there is too little to do for them.
 */
export async function packInLanes(
  job: PackJob,
  { source, sink, jobs, report, hasRanges, signal }: LanesOptions,
): Promise<PackCounts | undefined> {
  const { chunks, geometry, wanted, changed } = job;
  const { chunkLength } = geometry;
  const lanes = laneCount(chunks.length * chunkLength, jobs);
  const [from, to] = [backingOf(source), backingOf(sink)];
  if (lanes < 2 || from === undefined || to?.kind !== "file") return undefined;
  const control = new Int32Array(
    new SharedArrayBuffer(4 * PACK_CONTROL.length),
  );
  const task: PackTask = {
    ...job,
    from,
    isSparse: !hasRanges && from.kind === "file" && isSparse(from),
    to,
    wanted: wanted.bytes,
    changed: changed?.bytes,
    control,
  };
  const url = entryUrl("./pack_worker.ts", import.meta.url);
  using pool = new LanePool<PackTask>(url, lanes - 1);
  const { done } = report;
  await pool.run(task, {
    signal,
    steps: packSteps(task),
    onPoll() {
      const turn = Atomics.load(control, PACK_CONTROL.turn);
      report.done = Math.min(job.byteLength, done + turn * chunkLength);
      report.tell();
    },
  });
  return {
    compressed: Atomics.load(control, PACK_CONTROL.compressed),
    plain: Atomics.load(control, PACK_CONTROL.plain),
  };
}
