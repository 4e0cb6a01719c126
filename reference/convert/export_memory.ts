import { exportImage, type ExportOptions } from "../exporting/mod.ts";
import { RAMBlock } from "../reading/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { copyMemory } from "./copy_memory.ts";
import { copyProgress } from "./copy_progress.ts";
import type { MemoryBlock } from "./memory_image.ts";

/**
 * Writes the memory of a RAMBlock, of any kind of image, to a sink as a flat
 * image, and commits it. Zero pages become holes. A failure aborts the sink.
 *
 * @example
 * ```ts
 * import { createFileSink, openFileSource } from "../../mod.ts";
 * import {
 *   exportMemory,
 *   openSequential,
 * } from "../doors/convert.ts";
 *
 * async function toImage(path: string, out: string): Promise<void> {
 *   using source = openFileSource(path);
 *   using stream = await openSequential(source);
 *   await exportMemory(stream.block("pc.ram"), createFileSink(out));
 * }
 * ```
 */
export async function exportMemory(
  block: MemoryBlock,
  sink: ByteSink,
  options: ExportOptions = {},
): Promise<void> {
  if (block instanceof RAMBlock) return await exportImage(block, sink, options);
  const { commit = true } = options;
  const { usedLength: length } = block;
  try {
    await sink.setLength(length);
    const part = { block, offset: 0, length, position: 0 };
    const report = await copyProgress([part], options);
    await copyMemory(part, sink, { ...options, report });
    block.checkUnchanged?.();
    if (commit) await sink.commit();
  } catch (error) {
    if (commit) await sink.abort().catch(() => {});
    throw error;
  }
}
