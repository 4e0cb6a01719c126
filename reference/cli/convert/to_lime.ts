import { writeLime } from "../../convert/mod.ts";
import { createOutput } from "../output/output_file.ts";
import type { Converted, ConvertJob } from "./conversion.ts";
import type { OpenedImage } from "./open_image.ts";

/** Writes a LiME file of guest-physical ranges. */
export async function toLime(
  opened: OpenedImage,
  job: ConvertJob,
): Promise<Converted> {
  const { image, withoutAddress, withoutNotes } = opened;
  const { out, output, options, onProgress } = job;
  const { leftOut: leftOutBlocks, ...facts } = await writeLime(
    image,
    createOutput(out, output),
    { ...options, ranges: options.ranges ?? opened.ranges, onProgress },
  );
  const remarks = { leftOutBlocks, withoutAddress, withoutNotes };
  return { files: [out], facts, remarks };
}
