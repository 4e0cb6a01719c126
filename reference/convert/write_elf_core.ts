import { alignUp } from "../../format/bitmap/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { type Architecture, architectureNamed } from "./architecture.ts";
import { copyMemory } from "./copy_memory.ts";
import { copyProgress } from "./copy_progress.ts";
import { encodeCpuNotes } from "./cpu_notes.ts";
import {
  coreKind,
  ELF_SEGMENTS_MAX,
  ELF_SIZES,
  type ElfKind,
  type ElfSegment,
  encodeElfHeader,
  encodeElfSegment,
  PT_LOAD,
  PT_NOTE,
} from "./elf_layout.ts";
import { guestArchitecture } from "./guest_architecture.ts";
import type { UnplacedBlock } from "./guest_map.ts";
import type { MemoryImage } from "./memory_image.ts";
import { type BlockRange, rangesOf, type RangesOptions } from "./ranges_of.ts";

const PAGE = 0x1000;

/** Options of writing an ELF core. */
export interface ElfCoreOptions extends RangesOptions {
  /**
   * QEMU's name of the guest's architecture, such as `aarch64`. Default: that
   * of its processors' state, or of its machine type.
   */
  readonly architecture?: string | undefined;
}

/** What was written to an ELF core. */
export interface ElfCoreSummary {
  /** Size of the file in bytes, including holes. */
  readonly byteLength: number;
  /** QEMU's name of the guest's architecture. */
  readonly architecture: string;
  /** Number of guest-physical ranges, each a segment. */
  readonly rangeCount: number;
  /** Number of processors whose registers are in it. */
  readonly cpuCount: number;
  /**
   * RAMBlocks of which no part is in it, and parts that the guest does not see.
   */
  readonly leftOut: readonly UnplacedBlock[];
}

/**
 * Writes the RAM of a guest as an ELF core: a segment for each guest-physical
 * range, and the registers of x86 processors if the device state has them.
 * Virtual addresses equal the physical ones. Commits the sink; a failure aborts
 * it.
 *
 * @throws {GuestMapError} if the guest-physical layout is not known, or not
 * that of all RAM
 * @throws {UnsupportedError} if the file does not hold the RAM
 * @throws {RangeError} if the architecture is not known
 * @throws {SourceError} if memory cannot be read or the sink cannot be written
 *
 * @example
 * ```ts
 * import {
 *   createFileSink,
 *   openFileSource,
 *   openSnapshot,
 * } from "../../mod.ts";
 * import { imageOf, writeElfCore } from "../doors/convert.ts";
 *
 * async function toCore(path: string, out: string): Promise<void> {
 *   using source = openFileSource(path);
 *   const image = imageOf(await openSnapshot(source));
 *   await writeElfCore(image, createFileSink(out));
 * }
 * ```
 */
export async function writeElfCore(
  image: MemoryImage,
  sink: ByteSink,
  options: ElfCoreOptions = {},
): Promise<ElfCoreSummary> {
  try {
    const { parts, leftOut } = await rangesOf(image, options);
    if (parts.length + 1 >= ELF_SEGMENTS_MAX) {
      throw new RangeError(
        `Cannot write ${parts.length} ranges: expected fewer than ` +
          `${ELF_SEGMENTS_MAX - 1}`,
      );
    }
    const architecture = await architectureFor(image, options);
    const notes = await encodeCpuNotes(image, architecture, options);
    const { head, placed, byteLength } = layOut(parts, notes, architecture);
    await sink.setLength(byteLength);
    let at = 0;
    for (const bytes of head) {
      await sink.write(bytes, at);
      at += bytes.length;
    }
    const report = await copyProgress(parts, options);
    for (const part of placed) {
      await copyMemory(part, sink, { ...options, report });
    }
    for (const block of image.blocks) block.checkUnchanged?.();
    await sink.commit();
    return {
      byteLength,
      architecture: architecture.name,
      rangeCount: parts.length,
      cpuCount: notes.length / 2,
      leftOut,
    };
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

async function architectureFor(
  image: MemoryImage,
  options: ElfCoreOptions,
): Promise<Architecture> {
  if (options.architecture !== undefined) {
    return architectureNamed(options.architecture);
  }
  const { machine = image.machine } = options;
  const found = await guestArchitecture({ ...image, machine }, options);
  if (found !== undefined) return found;
  throw new RangeError(
    `Cannot write an ELF core of ${JSON.stringify(image.name)}: neither the ` +
      `state of its processors nor its machine type (${machine ?? "none"}) ` +
      "shows its architecture; set it with the option architecture",
  );
}

/** Returns the headers and notes, and where each range goes after them. */
function layOut(
  parts: readonly BlockRange[],
  notes: readonly Uint8Array[],
  architecture: Architecture,
): {
  readonly head: readonly Uint8Array[];
  readonly placed: readonly (BlockRange & { readonly position: number })[];
  readonly byteLength: number;
} {
  const notesLength = notes.reduce((sum, { length }) => sum + length, 0);
  const memoryEnd = parts.reduce(
    (highest, { address, length }) => Math.max(highest, address + length),
    0,
  );
  const bytes = parts.reduce((sum, { length }) => sum + length + PAGE, 0);
  const kind = coreKind(architecture, Math.max(memoryEnd, bytes));
  const { header, programHeader } = ELF_SIZES[kind.bits];
  const notesPosition = header + programHeader * (1 + parts.length);
  const segments: ElfSegment[] = [{
    type: PT_NOTE,
    position: notesPosition,
    virtualAddress: 0,
    physicalAddress: 0,
    fileLength: notesLength,
    memoryLength: notesLength,
  }];
  let position = alignUp(notesPosition + notesLength, PAGE);
  const placed = parts.map((part) => {
    const { address, length } = part;
    segments.push({
      type: PT_LOAD,
      position,
      virtualAddress: address,
      physicalAddress: address,
      fileLength: length,
      memoryLength: length,
    });
    const it = { ...part, position };
    position = alignUp(position + length, PAGE);
    return it;
  });
  return {
    head: [...headersOf(kind, segments), ...notes],
    placed,
    byteLength: position,
  };
}

function headersOf(
  kind: ElfKind,
  segments: readonly ElfSegment[],
): Uint8Array[] {
  return [
    encodeElfHeader(kind, segments.length),
    ...segments.map((it) => encodeElfSegment(kind, it)),
  ];
}
