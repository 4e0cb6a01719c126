import { join } from "node:path";
import {
  CAPABILITY_IGNORE_SHARED,
  UnsupportedError,
} from "../../../format/mod.ts";
import {
  type AddressSpace,
  convertPacked,
  convertSequential,
  exportMemory,
  guestBlocks,
  imageOf,
  imageOfRanges,
  type MemoryImage,
  openElfCore,
  openLime,
  writeElfCore,
  writeLime,
  writeSequential,
} from "../../convert/mod.ts";
import {
  importImages,
  type Progress,
  saveRepaired,
  saveSnapshot,
} from "../../saving/mod.ts";
import {
  openSequential,
  type SequentialSnapshot,
} from "../../sequential/mod.ts";
import type { PendingFile } from "../../sinks/mod.ts";
import { openSnapshot } from "../../snapshot/mod.ts";
import { imageName } from "../input/image_name.ts";
import { UsageError } from "../input/usage_error.ts";
import {
  createOutput,
  openOutputFolder,
  type OutputOptions,
} from "../output/output_file.ts";
import { TotalProgress } from "../output/total_progress.ts";
import type { ToFormat } from "./convert_arguments.ts";
import type { ConvertInput, ConvertOptions } from "./convert_input.ts";

/** A conversion. */
export interface ConvertJob {
  readonly input: ConvertInput;
  readonly to: ToFormat;
  readonly out: string;
  readonly output: OutputOptions;
  readonly options: ConvertOptions;
  readonly onProgress: (progress: Progress) => void;
}

/** What was written. */
export interface Converted {
  readonly files: readonly string[];
  readonly [fact: string]: unknown;
}

/** Does it. */
export async function convertTo(job: ConvertJob): Promise<Converted> {
  const { to, out } = job;
  if (to === "mapped-ram") return { files: [out], ...await toMappedRam(job) };
  if (to === "sequential") {
    await toSequential(job);
    return { files: [out] };
  }
  using opened = await openImage(job);
  const { image } = opened;
  if (to === "images") return { files: await toImages(job, image) };
  const ranges = job.options.ranges ?? opened.ranges;
  const options = { ...job.options, ranges, onProgress: job.onProgress };
  const sink = createOutput(out, job.output);
  if (to === "lime") {
    await writeLime(image, sink, options);
    return { files: [out] };
  }
  return { files: [out], ...await writeElfCore(image, sink, options) };
}

/** To a file that stock QEMU loads. */
async function toMappedRam(job: ConvertJob): Promise<object> {
  const { input, out, output, onProgress } = job;
  const { source, format } = input;
  const options = { ...job.options, onProgress };
  const sink = () => createOutput(out, output);
  switch (format) {
    case "mapped-ram": {
      if (options.repair) return await saveRepaired(sink(), source, options);
      const snapshot = await openSnapshot(source, options);
      const blocks = snapshot.blocks.map((block) => ({
        idstr: block.idstr,
        source: block,
        usedLength: block.usedLength,
      }));
      const deviceStateFrom = snapshot;
      return await saveSnapshot(sink(), blocks, {
        ...options,
        deviceStateFrom,
      });
    }
    case "sequential": {
      const { offset } = input;
      return await convertSequential(source, sink(), { ...options, offset });
    }
    case "packed":
      if (input.libvirt === undefined) break;
      return await convertPacked(source, input.libvirt, sink(), options);
    case "elf":
    case "lime": {
      const blocks = await guestBlocks(await openRanges(job), options);
      return await saveSnapshot(sink(), blocks, options);
    }
    case "raw": {
      const idstr = options.ram ?? ramNameOf(options.machine);
      return await importImages(sink(), { [idstr]: source }, options);
    }
  }
  throw new TypeError(`Cannot convert ${format}`);
}

function ramNameOf(machine = "none"): string {
  return /^(pc|q35)/.test(machine)
    ? "pc.ram"
    : /^microvm/.test(machine)
    ? "microvm.ram"
    : "ram";
}

async function toSequential(job: ConvertJob): Promise<void> {
  const { input, out, output, options, onProgress } = job;
  if (input.format !== "mapped-ram") {
    throw new UsageError(
      `Cannot convert ${input.format} to a sequential stream: expected ` +
        "mapped-ram, to which it can be converted first",
    );
  }
  const snapshot = await openSnapshot(input.source, options);
  await writeSequential(snapshot, createOutput(out, output), {
    ...options,
    onProgress,
  });
}

/** A memory image, and what it needs while it is read. */
interface OpenedImage extends Disposable {
  readonly image: MemoryImage;
  readonly ranges?: ReturnType<typeof imageOfRanges>["ranges"];
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
    case "lime":
      return { ...imageOfRanges(await openRanges(job)), ...nothing };
  }
  throw new UsageError(
    `Cannot convert ${format} to ${job.to}: expected mapped-ram, to which it ` +
      "can be converted first",
  );
}

/** RAM that was left out of a stream cannot be told from RAM that is zero. */
function checkAllRam({ head, source }: SequentialSnapshot): void {
  const { capabilities } = head.configuration;
  if (!capabilities.includes(CAPABILITY_IGNORE_SHARED)) return;
  throw new UnsupportedError(source.name, {
    rule: "capability-known",
    feature: `converting what was saved with ${CAPABILITY_IGNORE_SHARED}`,
    offset: 0,
    found: `RAM saved with ${CAPABILITY_IGNORE_SHARED}`,
    expected: "all of the RAM in the stream",
  });
}

async function openRanges({ input }: ConvertJob): Promise<AddressSpace> {
  const { source, format } = input;
  return format === "elf" ? await openElfCore(source) : await openLime(source);
}

/** Every RAMBlock to an image; all of them or none. */
async function toImages(
  { out, output, options, onProgress }: ConvertJob,
  image: MemoryImage,
): Promise<string[]> {
  using group = openOutputFolder(out);
  const files: PendingFile[] = [];
  const { signal } = options;
  const blocks = image.blocks.filter((block) => !block.ignored);
  const total = blocks.reduce((sum, { usedLength }) => sum + usedLength, 0);
  const progress = new TotalProgress(total, onProgress);
  try {
    for (const block of blocks) {
      const path = join(out, imageName(block.idstr));
      const sink = createOutput(path, output);
      files.push({ sink, path });
      await exportMemory(block, sink, {
        signal,
        onProgress: progress.onProgress,
        commit: false,
      });
      progress.next(block.usedLength);
    }
    signal?.throwIfAborted();
    await group.commit(files);
  } catch (error) {
    await Promise.allSettled(files.map(({ sink }) => sink.abort()));
    throw error;
  }
  return files.map(({ path }) => path);
}
