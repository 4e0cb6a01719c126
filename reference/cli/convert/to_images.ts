import { join } from "node:path";
import { blockKind, exportMemory } from "../../convert/mod.ts";
import type { PendingFile } from "../output/file_group.ts";
import { absentBytes } from "../../reading/mod.ts";
import { imageName } from "../input/image_name.ts";
import { createOutput } from "../output/output_file.ts";
import { OutputFolder } from "../output/output_folder.ts";
import { TotalProgress } from "../output/total_progress.ts";
import type { Converted, ConvertJob } from "./conversion.ts";
import type { OpenedImage } from "./open_image.ts";

/** Writes every RAMBlock to an image, either all of them or none. */
export async function toImages(
  { image: { blocks } }: OpenedImage,
  job: ConvertJob,
): Promise<Converted> {
  const { out, output, options, onProgress } = job;
  using group = new OutputFolder(out);
  const files: PendingFile[] = [];
  const { signal } = options;
  const held = blocks.filter((block) => !block.ignored);
  const total = held.reduce((sum, { usedLength }) => sum + usedLength, 0);
  const skipped = await absentBytes(held, { signal });
  const progress = new TotalProgress({ total, skipped }, onProgress);
  try {
    for (const block of held) {
      const path = join(out, imageName(block.idstr));
      const sink = createOutput(path, output);
      files.push({ sink, path });
      await exportMemory(block, sink, {
        signal,
        onProgress: progress.onProgress,
        commit: false,
      });
      progress.next();
    }
    signal?.throwIfAborted();
    await group.commit(files);
  } catch (error) {
    await Promise.allSettled(files.map(({ sink }) => sink.abort()));
    throw error;
  }
  const leftOutBlocks = blocks.filter((block) => block.ignored)
    .map(({ idstr, usedLength: length }) => ({
      idstr,
      length,
      kind: blockKind(idstr),
    }));
  return {
    files: files.map(({ path }) => path),
    facts: {},
    remarks: { leftOutBlocks },
  };
}
