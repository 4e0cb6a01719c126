import { guestBlocks, mainMemoryOf } from "../../convert/mod.ts";
import { importImages, saveSnapshot } from "../../saving/mod.ts";
import { createOutput } from "../output/output_file.ts";
import { UsageError } from "../program/usage_error.ts";
import type { Conversion, Converted, ConvertJob } from "./conversion.ts";
import type { OpenRanges } from "./open_image.ts";

/** Converts flat memory to mapped-ram with one RAMBlock. */
export async function importFlat(job: ConvertJob): Promise<Converted> {
  const { input: { source }, out, output, options, onProgress } = job;
  const idstr = mainMemory(job) ?? mainMemoryOf(options.machine ?? "none") ??
    "ram";
  const images = { [idstr]: source };
  const facts = await importImages(createOutput(out, output), images, {
    ...options,
    onProgress,
  });
  const remarks = { assumed: assumedMachine(job) };
  return { files: [out], facts, remarks };
}

/** Converts memory at guest-physical addresses, which `open` opens. */
export function importRanges(
  open: OpenRanges,
): Conversion["run"] {
  return async (job) => {
    const { out, output, onProgress } = job;
    const options = { ...job.options, onProgress };
    const { ranges, ramLength } = options;
    const memory = await open(job.input.source, { signal: options.signal });
    const { blocks, leftOut, missing } = await guestBlocks(memory, {
      machine: options.machine,
      ramLength,
      ranges,
      ram: mainMemory(job),
      pageSize: options.pageSize,
    });
    const sink = createOutput(out, output);
    const facts = await saveSnapshot(sink, blocks, options);
    const [main] = blocks;
    const assumed = {
      ...assumedMachine(job),
      ...ranges === undefined && ramLength === undefined && main !== undefined
        ? { memory: main.usedLength, ram: main.idstr }
        : {},
    };
    const remarks = {
      assumed,
      leftOut,
      missing,
      withoutAddress: memory.unplaced.length,
      withoutNotes: memory.hasNotes,
    };
    return { files: [out], facts, remarks };
  };
}

function assumedMachine(
  { options }: ConvertJob,
): { readonly machine?: string } {
  return options.machine === undefined ? { machine: "none" } : {};
}

/** Returns the block that `--block` names for the main memory. */
function mainMemory({ options }: ConvertJob): string | undefined {
  const [first, second] = options.ram ?? [];
  if (second === undefined) return first;
  throw new UsageError(
    "Cannot use --block twice to mapped-ram: expected one RAMBlock, or --range",
  );
}
