import { checkSameLayout, snapshotLength } from "../packing/mod.ts";
import { isQcow2Source } from "../qcow2/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import {
  type BackingFile,
  backingOf,
  type ReadOptions,
} from "../sources/mod.ts";
import { ProgressReport } from "../work/mod.ts";
import type {
  CheckpointOptions,
  CheckpointSummary,
} from "./checkpoint_options.ts";
import { clearPlaces } from "./clear_places.ts";
import { cloneBase } from "./clone_base.ts";
import { CloneError } from "./clone_error.ts";
import { type ComparedBlock, comparedBlocks } from "./compared_block.ts";
import { writeFrame } from "./write_frame.ts";
import { writePagesHere } from "./write_pages_here.ts";
import { writePagesInLanes } from "./write_pages_in_lanes.ts";

/**
 * Writes a snapshot to a file that shares the blocks of an earlier snapshot, and
 * commits the sink: the disk holds only what differs. The file is complete: it
 * needs neither of them. Its bytes are those of the snapshot, with holes for
 * pages that are not present. A failure aborts the sink.
 *
 * It needs Linux, and a file system with reflinks, such as XFS or Btrfs. Node
 * needs the package koffi.
 *
 * @throws {CloneError} if the file cannot share blocks with the base
 * @throws {SourceError} if a snapshot cannot be read, its RAM is laid out
 * differently from that of the base, or the sink cannot be written
 *
 * @example
 * ```ts
 * import { createFileSink, openFileSource, openSnapshot } from "../../mod.ts";
 * import { checkpointSnapshot } from "../doors/linux.ts";
 *
 * async function checkpoint(base: string, later: string, out: string) {
 *   using baseFile = openFileSource(base);
 *   using file = openFileSource(later);
 *   const { changedPages } = await checkpointSnapshot(
 *     await openSnapshot(file),
 *     createFileSink(out),
 *     { base: await openSnapshot(baseFile), jobs: 2 },
 *   );
 *   console.log(`${changedPages} pages differ`);
 * }
 * ```
 */
export async function checkpointSnapshot(
  snapshot: Snapshot,
  sink: ByteSink,
  options: CheckpointOptions,
): Promise<CheckpointSummary> {
  try {
    const summary = await checkpoint(snapshot, sink, options);
    await sink.commit();
    return summary;
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

async function checkpoint(
  snapshot: Snapshot,
  sink: ByteSink,
  { base, jobs = 1, signal, onProgress }: CheckpointOptions,
): Promise<CheckpointSummary> {
  signal?.throwIfAborted();
  const from = fileOf(base.source);
  const to = fileOf(sink);
  checkSameLayout(snapshot, base);
  const blocks = await comparedBlocks(snapshot, { base, signal });
  const pageSize = blocks[0]?.block.pageSize ?? 0;
  const [pageCount, presentPages] = pagesOf(blocks);
  const report = new ProgressReport(pageCount * pageSize, onProgress);
  report.skip((pageCount - presentPages) * pageSize);

  const byteLength = await lengthOf(snapshot, { signal });
  using clone = cloneBase(from, to);
  await sink.setLength(byteLength);
  const clearedLength = await clearPlaces(clone, blocks, {
    byteLength,
    signal,
  });
  const frameLength = await writeFrame(snapshot, sink, {
    base,
    byteLength,
    signal,
  });
  const options = { from, to, sink, clone, report, jobs, signal };
  const inLanes = jobs > 1
    ? await writePagesInLanes(blocks, options)
    : undefined;
  const changedPages = inLanes ?? await writePagesHere(blocks, options);
  for (const { source } of [snapshot, base]) source.checkUnchanged?.();
  signal?.throwIfAborted();
  return {
    byteLength,
    presentPages,
    changedPages,
    writtenLength: frameLength + changedPages * pageSize,
    clearedLength,
  };
}

/** Returns how many pages there are, and how many are present. */
function pagesOf(blocks: readonly ComparedBlock[]): [number, number] {
  let [pageCount, presentPages] = [0, 0];
  for (const { present } of blocks) {
    pageCount += present.pageCount;
    presentPages += present.count();
  }
  return [pageCount, presentPages];
}

/** Returns the length of the file of a snapshot, also if it is packed. */
async function lengthOf(
  snapshot: Snapshot,
  options: ReadOptions,
): Promise<number> {
  const { source } = snapshot;
  return isQcow2Source(source)
    ? await snapshotLength(snapshot, options)
    : source.byteLength;
}

/** Returns the file of a source or a sink, of which blocks can be shared. */
function fileOf(object: { readonly name: string }): BackingFile {
  const backing = backingOf(object);
  if (backing?.kind === "file") return backing;
  const { name } = object;
  throw new CloneError(
    name,
    `Cannot share blocks of ${JSON.stringify(name)}: expected a plain local ` +
      "file",
  );
}
