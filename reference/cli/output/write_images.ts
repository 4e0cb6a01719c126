import type { MemoryBlock } from "../../convert/mod.ts";
import type { ExportOptions } from "../../exporting/mod.ts";
import { absentBytes } from "../../reading/mod.ts";
import type { ByteSink } from "../../sinks/mod.ts";
import type { Progress } from "../../work/mod.ts";
import type { PendingFile } from "./file_group.ts";
import { createOutput, type OutputOptions } from "./output_file.ts";
import type { OutputFolder } from "./output_folder.ts";
import { TotalProgress } from "./total_progress.ts";

/** A RAMBlock, and the path of its image. */
export interface Image<Block> {
  readonly block: Block;
  readonly path: string;
}

/** Options of {@linkcode writeImages}. */
export interface WriteImagesOptions<Block>
  extends Pick<ExportOptions, "jobs" | "directIo" | "signal"> {
  /** The folder of the images. */
  readonly group: OutputFolder;
  readonly output: OutputOptions;
  /** Writes the image of one block. */
  readonly exporter: (
    block: Block,
    sink: ByteSink,
    options: ExportOptions,
  ) => Promise<void>;
  /** Receives the progress of all blocks together. */
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Writes all images under temporary names and renames them when the last one is
 * complete: after a failure there are none, and old ones are unchanged.
 */
export async function writeImages<Block extends MemoryBlock>(
  images: readonly Image<Block>[],
  options: WriteImagesOptions<Block>,
): Promise<void> {
  const { group, output, exporter, jobs, directIo, signal } = options;
  const blocks = images.map(({ block }) => block);
  const total = blocks.reduce((sum, { usedLength }) => sum + usedLength, 0);
  const skipped = await absentBytes(blocks, { signal });
  const progress = new TotalProgress({ total, skipped }, options.onProgress);
  const files: PendingFile[] = [];
  try {
    for (const { block, path } of images) {
      const sink = createOutput(path, output);
      files.push({ sink, path });
      await exporter(block, sink, {
        jobs,
        directIo,
        signal,
        commit: false,
        onProgress: progress.onProgress,
      });
      progress.next();
    }
    signal?.throwIfAborted();
    await group.commit(files);
  } catch (error) {
    await Promise.allSettled(files.map(({ sink }) => sink.abort()));
    throw error;
  }
}
