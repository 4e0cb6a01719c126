import {
  guestArchitecture,
  hasDeviceState,
  type MemoryImage,
  writeElfCore,
} from "../../convert/mod.ts";
import { createOutput } from "../output/output_file.ts";
import { UsageError } from "../program/usage_error.ts";
import type { Converted, ConvertJob } from "./conversion.ts";
import type { OpenedImage } from "./open_image.ts";

/** Writes an ELF core of guest-physical ranges. */
export async function toElf(
  opened: OpenedImage,
  job: ConvertJob,
): Promise<Converted> {
  const { image, withoutAddress, withoutNotes } = opened;
  const { out, output, onProgress } = job;
  await checkArchitecture(job, image);
  const ranges = job.options.ranges ?? opened.ranges;
  const options = { ...job.options, ranges, onProgress };
  const { leftOut: leftOutBlocks, ...facts } = await writeElfCore(
    image,
    createOutput(out, output),
    options,
  );
  const isWithout = facts.cpuCount === 0 &&
    await hasDeviceState(image, options);
  const remarks = {
    leftOutBlocks,
    withoutAddress,
    withoutNotes,
    withoutRegisters: isWithout ? facts.architecture : undefined,
  };
  return { files: [out], facts, remarks };
}

/** Refuses a guest of unknown architecture. */
async function checkArchitecture(
  { options }: ConvertJob,
  image: MemoryImage,
): Promise<void> {
  const { machine = image.machine, architecture, signal } = options;
  if (architecture !== undefined) return;
  const found = await guestArchitecture({ ...image, machine }, { signal });
  if (found !== undefined) return;
  throw new UsageError(
    `Cannot convert ${JSON.stringify(image.name)} to an ELF core without ` +
      "--arch NAME: neither the state of its processors nor its machine type " +
      `${machine === undefined ? "" : `(${machine}) `}implies its architecture`,
  );
}
