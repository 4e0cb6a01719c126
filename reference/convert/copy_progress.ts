import { presentBytes } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { type Progress, ProgressReport } from "../work/mod.ts";
import type { MemoryPart } from "./memory_image.ts";

/** Options of work that reports its progress. */
interface ProgressOptions extends ReadOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Starts the report of work on parts of blocks; absent pages are skipped. */
export async function copyProgress(
  parts: readonly MemoryPart[],
  { onProgress, signal }: ProgressOptions,
): Promise<ProgressReport> {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  const report = new ProgressReport(total, onProgress);
  if (onProgress === undefined) return report;
  for (const { block, offset, length } of parts) {
    const present = await presentBytes(block, { offset, length, signal });
    report.skip(length - present);
  }
  return report;
}
