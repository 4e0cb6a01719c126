import type { ByteSink } from "../sinks/mod.ts";
import { copyMemory } from "./copy_memory.ts";
import { copyProgress } from "./copy_progress.ts";
import type { UnplacedBlock } from "./guest_map.ts";
import { LIME_HEADER_LENGTH, LIME_MAGIC, LIME_VERSION } from "./lime_layout.ts";
import type { MemoryImage } from "./memory_image.ts";
import { rangesOf, type RangesOptions } from "./ranges_of.ts";

/** What was written to a LiME file. */
export interface LimeSummary {
  /** Size of the file in bytes, including holes. */
  readonly byteLength: number;
  /** Number of guest-physical ranges. */
  readonly rangeCount: number;
  /**
   * RAMBlocks of which no part is in it, and parts that the guest does not see.
   */
  readonly leftOut: readonly UnplacedBlock[];
}

/**
 * Writes the RAM of a guest as LiME does: each guest-physical range after a
 * header. Commits the sink; a failure aborts it.
 *
 * @throws {GuestMapError} if the guest-physical layout is not known, or not
 * that of all RAM
 * @throws {UnsupportedError} if the file does not hold the RAM
 * @throws {SourceError} if memory cannot be read or the sink cannot be written
 *
 * @example
 * ```ts
 * import {
 *   createFileSink,
 *   openFileSource,
 *   openSnapshot,
 * } from "../../mod.ts";
 * import { imageOf, writeLime } from "../doors/convert.ts";
 *
 * async function toLime(path: string, out: string): Promise<void> {
 *   using source = openFileSource(path);
 *   const image = imageOf(await openSnapshot(source));
 *   const { leftOut } = await writeLime(image, createFileSink(out));
 *   for (const { idstr } of leftOut) console.log("not in it", idstr);
 * }
 * ```
 */
export async function writeLime(
  image: MemoryImage,
  sink: ByteSink,
  options: RangesOptions = {},
): Promise<LimeSummary> {
  try {
    const { parts, leftOut } = await rangesOf(image, options);
    const report = await copyProgress(parts, options);
    let position = 0;
    for (const { address, length, block, offset } of parts) {
      const header = new DataView(new ArrayBuffer(LIME_HEADER_LENGTH));
      header.setUint32(0, LIME_MAGIC, true);
      header.setUint32(4, LIME_VERSION, true);
      header.setBigUint64(8, BigInt(address), true);
      header.setBigUint64(16, BigInt(address + length - 1), true);
      await sink.write(new Uint8Array(header.buffer), position);
      position += LIME_HEADER_LENGTH;
      await sink.setLength(position + length);
      const part = { block, offset, length, position };
      await copyMemory(part, sink, { ...options, report });
      position += length;
    }
    for (const block of image.blocks) block.checkUnchanged?.();
    await sink.commit();
    return { byteLength: position, rangeCount: parts.length, leftOut };
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}
