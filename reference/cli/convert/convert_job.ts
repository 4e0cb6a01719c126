import { join } from "node:path";
import { UnsupportedError } from "../../../format/rules/mod.ts";
import { CAPABILITY_IGNORE_SHARED } from "../../../format/stream/mod.ts";
import {
  blockKind,
  exportMemory,
  guestArchitecture,
  type GuestRange,
  hasDeviceState,
  imageOf,
  imageOfRanges,
  type MemoryImage,
  writeElfCore,
  writeLime,
  writeSequential,
} from "../../convert/mod.ts";
import { absentBytes, openSnapshot } from "../../reading/mod.ts";
import {
  openSequential,
  type SequentialSnapshot,
} from "../../sequential/mod.ts";
import { imageName } from "../input/image_name.ts";
import type { PendingFile } from "../output/file_group.ts";
import { createOutput } from "../output/output_file.ts";
import { OutputFolder } from "../output/output_folder.ts";
import { TotalProgress } from "../output/total_progress.ts";
import { UsageError } from "../program/usage_error.ts";
import type { Converted, ConvertJob } from "./conversion.ts";
import { openRanges } from "./open_ranges.ts";
import { toMappedRam } from "./to_mapped_ram.ts";

/** Does it. */
export async function convertTo(job: ConvertJob): Promise<Converted> {
  const { to, out } = job;
  switch (to) {
    case "mapped-ram":
      return { files: [out], ...await toMappedRam(job) };
    case "sequential":
      await toSequential(job);
      return { files: [out], facts: {}, remarks: {} };
    case "images":
      return await toImages(job);
    case "elf":
    case "lime":
      return await toRanges(job, to);
  }
}

async function toSequential(job: ConvertJob): Promise<void> {
  const { input, out, output, options, onProgress } = job;
  const snapshot = await openSnapshot(input.source, options);
  await writeSequential(snapshot, createOutput(out, output), {
    ...options,
    onProgress,
  });
}

/** To a file of guest-physical ranges. */
async function toRanges(
  job: ConvertJob,
  to: "elf" | "lime",
): Promise<Converted> {
  const { out, output, onProgress } = job;
  using opened = await openImage(job);
  const { image, withoutAddress, withoutNotes } = opened;
  const ranges = job.options.ranges ?? opened.ranges;
  const options = { ...job.options, ranges, onProgress };
  const sink = () => createOutput(out, output);
  if (to === "lime") {
    const { leftOut, ...facts } = await writeLime(image, sink(), options);
    const remarks = { leftOutBlocks: leftOut, withoutAddress, withoutNotes };
    return { files: [out], facts, remarks };
  }
  await checkArchitecture(job, image);
  const { leftOut, ...facts } = await writeElfCore(image, sink(), options);
  const { architecture } = facts;
  const isWithout = facts.cpuCount === 0 &&
    await hasDeviceState(image, options);
  const withoutRegisters = isWithout ? architecture : undefined;
  const remarks = {
    leftOutBlocks: leftOut,
    withoutAddress,
    withoutNotes,
    withoutRegisters,
  };
  return { files: [out], facts, remarks };
}

/** Refuses a guest of which nothing says the architecture. */
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
      `${machine === undefined ? "" : `(${machine}) `}says its architecture`,
  );
}

/** A memory image, and what it needs while it is read. */
interface OpenedImage extends Disposable {
  readonly image: MemoryImage;
  readonly ranges?: readonly GuestRange[];
  /** Segments of the file that have no physical address. */
  readonly withoutAddress?: number;
  /** Whether the file has notes, such as registers. */
  readonly withoutNotes?: boolean;
}

async function openImage(job: ConvertJob): Promise<OpenedImage> {
  const { input, onProgress } = job;
  const { source, format, offset } = input;
  const options = { ...job.options, onProgress };
  const nothing = { [Symbol.dispose](): void {} };
  switch (format) {
    case "mapped-ram": {
      const image = imageOf(await openSnapshot(source, options));
      return { image, ...nothing };
    }
    case "sequential": {
      const stream = await openSequential(source, { ...options, offset });
      try {
        checkAllRam(stream);
      } catch (error) {
        stream[Symbol.dispose]();
        throw error;
      }
      return {
        image: imageOf(stream),
        [Symbol.dispose]: () => stream[Symbol.dispose](),
      };
    }
    case "elf":
    case "lime": {
      const memory = await openRanges(input);
      const withoutAddress = memory.unplaced.length;
      const withoutNotes = memory.hasNotes;
      return {
        ...imageOfRanges(memory),
        withoutAddress,
        withoutNotes,
        ...nothing,
      };
    }
  }
  throw new TypeError(`Cannot convert ${format} to ${job.to}`);
}

/** RAM that was left out of a stream cannot be told from RAM that is zero. */
function checkAllRam({ head, source }: SequentialSnapshot): void {
  const { capabilities } = head.configuration;
  if (!capabilities.includes(CAPABILITY_IGNORE_SHARED)) return;
  throw new UnsupportedError(source.name, {
    rule: "capability-known",
    feature: `converting a stream saved with ${CAPABILITY_IGNORE_SHARED}`,
    offset: 0,
    found: `RAM saved with ${CAPABILITY_IGNORE_SHARED}`,
    expected: "all of the RAM in the stream",
  });
}

/** Every RAMBlock to an image; all of them or none. */
async function toImages(job: ConvertJob): Promise<Converted> {
  const { out, output, options, onProgress } = job;
  using opened = await openImage(job);
  const { blocks } = opened.image;
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
