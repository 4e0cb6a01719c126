import {
  type AddressSpace,
  type GuestRange,
  imageOf,
  imageOfRanges,
  type MemoryImage,
} from "../../convert/mod.ts";
import { openSequential, refuseIgnoredRam } from "../../sequential/mod.ts";
import type { ByteSource, ReadOptions } from "../../sources/mod.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import type { Conversion, Converted, ConvertJob } from "./conversion.ts";

/** A memory image to be written, and facts about its file. */
export interface OpenedImage {
  readonly image: MemoryImage;
  readonly ranges?: readonly GuestRange[];
  /** Segments of the file that have no physical address. */
  readonly withoutAddress?: number;
  /** Whether the file has notes, such as registers. */
  readonly withoutNotes?: boolean;
}

/** Writes a memory image in some format. */
export type WriteImage = (
  opened: OpenedImage,
  job: ConvertJob,
) => Promise<Converted>;

/** Opens memory at guest-physical addresses. */
export type OpenRanges = (
  source: ByteSource,
  options: ReadOptions,
) => Promise<AddressSpace>;

type Run = Conversion["run"];

/** Returns the conversion of a mapped-ram file by `write`. */
export function fromSnapshot(write: WriteImage): Run {
  return async (job) => {
    const snapshot = await openSnapshotFile(job.input.source, {
      ...job.options,
      disk: job.input.source,
    });
    return await write({ image: imageOf(snapshot) }, job);
  };
}

/** Returns the conversion of a sequential stream by `write`. */
export function fromStream(write: WriteImage): Run {
  return async (job) => {
    const { input: { source, offset }, options, onProgress } = job;
    using stream = await openSequential(source, {
      ...options,
      offset,
      onProgress,
    });
    refuseIgnoredRam(source.name, stream.head.configuration);
    return await write({ image: imageOf(stream) }, job);
  };
}

/** Returns the conversion of memory at guest-physical addresses by `write`. */
export function fromRanges(
  open: OpenRanges,
  write: WriteImage,
): Run {
  return async (job) => {
    const { input: { source }, options: { signal } } = job;
    const memory = await open(source, { signal });
    const opened = {
      ...imageOfRanges(memory),
      withoutAddress: memory.unplaced.length,
      withoutNotes: memory.hasNotes,
    };
    return await write(opened, job);
  };
}
