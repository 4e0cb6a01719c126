import { closeSync, fstatSync, openSync } from "node:fs";
import type { ByteRange } from "../../../format/bytes/mod.ts";
import { dataRanges } from "../../system/mod.ts";
import {
  findDataRanges,
  type MappedResumePlan,
  writeDeviceOnly,
} from "../../mapping/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import type { ByteSink } from "../../sinks/mod.ts";
import { SourceError } from "../../sources/mod.ts";
import type { ResumeReport } from "./resume_report.ts";

/** Options of writing a device-only file. */
export interface DevicesOptions {
  readonly plan: MappedResumePlan;
  readonly report: ResumeReport;
  readonly signal: AbortSignal;
}

/** Writes the file that QEMU loads besides the RAM that it maps. */
export async function createDevices(
  snapshot: Snapshot,
  sink: ByteSink,
  { plan, report, signal }: DevicesOptions,
): Promise<void> {
  await writeDeviceOnly(snapshot, sink, {
    mapped: plan.blocks.map(({ idstr }) => idstr),
    dataRanges: await rangesOf(plan, { report, signal }),
    path: plan.path,
    signal,
  });
}

/**
 * Returns the data ranges of the mapped RAM, from the kernel or from qemu-img;
 * all of it if neither tells them.
 */
async function rangesOf(
  { path, blocks }: MappedResumePlan,
  { report, signal }: Pick<DevicesOptions, "report" | "signal">,
): Promise<readonly ByteRange[] | undefined> {
  const file = openSync(path, "r");
  try {
    const ranges = dataRanges(file, fstatSync(file).size);
    if (ranges !== undefined) return ranges;
  } finally {
    closeSync(file);
  }
  try {
    const ranges = blocks.map(({ offset, size }) =>
      findDataRanges(path, { offset, length: size }, { signal })
    );
    return (await Promise.all(ranges)).flat();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SourceError)) throw error;
    report.note(
      `${error.message}; reading all pages that should be zero, ` +
        "which qemu-img would avoid",
    );
    return undefined;
  }
}
