import type { PageRun } from "../../format/bitmap/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";

/** Maximum runs in a batch: servers may refuse a longer Range header. */
const RUNS_MAX = 128;
/** Bytes of the first batch, and by how much each following batch grows. */
const BATCH_STEP = 0x400000;
/** Bytes of the largest batch: each batch costs a request and its latency. */
const BATCH_MAX = 0x1000000;

/**
 * Yields the runs of a block's present pages in batches that start small. This
 * spreads a small block over the lanes, and keeps the lanes from all finishing,
 * and waiting for a remote source, at the same time.
 */
export async function* presentBatches(
  block: RAMBlock,
  options?: ReadOptions,
): AsyncGenerator<PageRun[]> {
  const { pageSize } = block;
  let length = BATCH_STEP;
  let batch: PageRun[] = [];
  let room = Math.ceil(length / pageSize);
  for await (const run of block.presentRuns(options)) {
    for (let first = run.first; first < run.end;) {
      const end = Math.min(run.end, first + room);
      batch.push({ first, end });
      room -= end - first;
      first = end;
      if (room > 0 && batch.length < RUNS_MAX) continue;
      yield batch;
      batch = [];
      length = Math.min(BATCH_MAX, length + BATCH_STEP);
      room = Math.ceil(length / pageSize);
    }
  }
  if (batch.length > 0) yield batch;
}
