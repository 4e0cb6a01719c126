import {
  convertPacked,
  convertSequential,
  guestBlocks,
  mainMemoryOf,
} from "../../convert/mod.ts";
import { openSnapshot } from "../../reading/mod.ts";
import { saveRepaired } from "../../repairing/mod.ts";
import {
  importImages,
  saveSnapshot,
  type SaveSummary,
} from "../../saving/mod.ts";
import { createOutput } from "../output/output_file.ts";
import { UsageError } from "../program/usage_error.ts";
import type { Converted, ConvertJob } from "./conversion.ts";
import type { ConvertRemarks } from "./convert_notes.ts";
import { openRanges } from "./open_ranges.ts";

type Written = Omit<Converted, "files">;

/** Converts to a file that stock QEMU loads. */
export async function toMappedRam(job: ConvertJob): Promise<Written> {
  const { input, out, output, onProgress } = job;
  const { source, format } = input;
  const options = { ...job.options, onProgress };
  const sink = () => createOutput(out, output);
  switch (format) {
    case "mapped-ram": {
      if (options.repair) {
        return facts(await saveRepaired(sink(), source, options));
      }
      const snapshot = await openSnapshot(source, options);
      const blocks = snapshot.blocks.map((block) => ({
        idstr: block.idstr,
        source: block,
        usedLength: block.usedLength,
      }));
      const deviceStateFrom = snapshot;
      return facts(
        await saveSnapshot(sink(), blocks, { ...options, deviceStateFrom }),
      );
    }
    case "sequential": {
      const { offset } = input;
      return facts(
        await convertSequential(source, sink(), { ...options, offset }),
      );
    }
    case "packed":
      if (input.libvirt === undefined) break;
      return facts(
        await convertPacked(source, sink(), {
          ...options,
          header: input.libvirt,
        }),
      );
    case "elf":
    case "lime":
      return await importRanges(job);
    case "raw": {
      const idstr = mainMemory(job) ??
        mainMemoryOf(options.machine ?? "none") ?? "ram";
      const images = { [idstr]: source };
      return facts(await importImages(sink(), images, options), {
        assumed: { ...assumedMachine(job) },
      });
    }
  }
  throw new TypeError(`Cannot convert ${format}`);
}

function facts(summary: object, remarks: ConvertRemarks = {}): Written {
  return { facts: summary, remarks };
}

/** Memory at guest-physical addresses becomes RAMBlocks. */
async function importRanges(job: ConvertJob): Promise<Written> {
  const { out, output, onProgress } = job;
  const options = { ...job.options, onProgress };
  const { ranges, ramLength } = options;
  const memory = await openRanges(job.input);
  const { blocks, leftOut, missing } = await guestBlocks(memory, {
    machine: options.machine,
    ramLength,
    ranges,
    ram: mainMemory(job),
    pageSize: options.pageSize,
  });
  const summary: SaveSummary = await saveSnapshot(
    createOutput(out, output),
    blocks,
    options,
  );
  const [main] = blocks;
  const assumed = {
    ...assumedMachine(job),
    ...ranges === undefined && ramLength === undefined && main !== undefined
      ? { memory: main.usedLength, ram: main.idstr }
      : {},
  };
  return facts(summary, {
    assumed,
    leftOut,
    missing,
    withoutAddress: memory.unplaced.length,
    withoutNotes: memory.hasNotes,
  });
}

function assumedMachine(
  { options }: ConvertJob,
): { readonly machine?: string } {
  return options.machine === undefined ? { machine: "none" } : {};
}

/** The one block that `--ram` names for the main memory. */
function mainMemory({ options }: ConvertJob): string | undefined {
  const [first, second] = options.ram ?? [];
  if (second === undefined) return first;
  throw new UsageError(
    "Cannot use --block twice to mapped-ram: expected one RAMBlock, or --range",
  );
}
