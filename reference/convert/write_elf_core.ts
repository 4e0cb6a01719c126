import { alignUp } from "../../format/mod.ts";
import type { ByteSink } from "../sinks/byte_sink.ts";
import { copyMemory } from "./copy_memory.ts";
import { encodeCpuNotes } from "./cpu_notes.ts";
import {
  ELF_HEADER_LENGTH,
  ELF_PROGRAM_HEADER_LENGTH,
  ELF_SEGMENTS_MAX,
  type ElfSegment,
  encodeElfHeader,
  encodeElfSegment,
  PT_LOAD,
  PT_NOTE,
} from "./elf_layout.ts";
import type { MemoryImage } from "./memory_image.ts";
import { rangesOf, type RangesOptions, rangesProgress } from "./ranges_of.ts";

const PAGE = 0x1000;

/** What was written into an ELF core. */
export interface ElfCoreSummary {
  /** Size of the file in bytes, holes included. */
  readonly byteLength: number;
  /** Guest-physical ranges, each a segment. */
  readonly rangeCount: number;
  /** Processors whose registers are in it. */
  readonly cpuCount: number;
}

/**
 * Writes the RAM of a guest as an ELF core of x86-64: a segment for each
 * guest-physical range, and the registers of the processors where the state of
 * the devices has them. Virtual addresses are the physical ones. Commits the
 * sink; a failure aborts it.
 *
 * @throws {GuestMapError} if the guest-physical layout is not known
 * @throws {SourceError} if memory cannot be read or the sink not written
 *
 * @example
 * ```ts
 * import {
 *   createFileSink,
 *   imageOf,
 *   openFileSource,
 *   openSnapshot,
 *   writeElfCore,
 * } from "../../mod.ts";
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
  options: RangesOptions = {},
): Promise<ElfCoreSummary> {
  try {
    const parts = await rangesOf(image, options);
    if (parts.length + 1 >= ELF_SEGMENTS_MAX) {
      throw new RangeError(
        `Cannot write ${parts.length} ranges: expected fewer than ` +
          `${ELF_SEGMENTS_MAX - 1}`,
      );
    }
    const notes = await encodeCpuNotes(image, options);
    const notesLength = notes.reduce((sum, { length }) => sum + length, 0);
    const notesPosition = ELF_HEADER_LENGTH +
      ELF_PROGRAM_HEADER_LENGTH * (1 + parts.length);
    const segments: ElfSegment[] = [{
      ...{ type: PT_NOTE, position: notesPosition },
      ...{ virtualAddress: 0, physicalAddress: 0 },
      ...{ fileLength: notesLength, memoryLength: notesLength },
    }];
    let position = alignUp(notesPosition + notesLength, PAGE);
    const placed = parts.map((part) => {
      const { address, length } = part;
      segments.push({
        ...{ type: PT_LOAD, position },
        ...{ virtualAddress: address, physicalAddress: address },
        ...{ fileLength: length, memoryLength: length },
      });
      const it = { ...part, position };
      position = alignUp(position + length, PAGE);
      return it;
    });
    await sink.setLength(position);
    const head = [
      encodeElfHeader(segments.length),
      ...segments.map(encodeElfSegment),
      ...notes,
    ];
    let at = 0;
    for (const bytes of head) {
      await sink.write(bytes, at);
      at += bytes.length;
    }
    const onDone = rangesProgress(parts, options);
    for (const part of placed) {
      await copyMemory(part, sink, { ...options, onDone });
    }
    for (const block of image.blocks) block.checkUnchanged?.();
    await sink.commit();
    return {
      byteLength: position,
      rangeCount: parts.length,
      cpuCount: notes.length / 2,
    };
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
