import { blockKind, exportMemory } from "../../convert/mod.ts";
import { imageName } from "../input/image_name.ts";
import { OutputFolder, pathIn } from "../output/output_folder.ts";
import { writeImages } from "../output/write_images.ts";
import type { Converted, ConvertJob } from "./conversion.ts";
import type { OpenedImage } from "./open_image.ts";

/** Writes every RAMBlock to an image, either all of them or none. */
export async function toImages(
  { image: { blocks } }: OpenedImage,
  job: ConvertJob,
): Promise<Converted> {
  const { out, output, options: { signal }, onProgress } = job;
  using group = new OutputFolder(out);
  const images = blocks.filter((block) => !block.ignored)
    .map((block) => ({ block, path: pathIn(out, imageName(block.idstr)) }));
  await writeImages(images, {
    group,
    output,
    exporter: exportMemory,
    signal,
    onProgress,
  });
  const leftOutBlocks = blocks.filter((block) => block.ignored)
    .map(({ idstr, usedLength: length }) => ({
      idstr,
      length,
      kind: blockKind(idstr),
    }));
  return {
    files: images.map(({ path }) => path),
    facts: {},
    remarks: { leftOutBlocks },
  };
}
