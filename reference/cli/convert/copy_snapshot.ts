import { snapshotLength, unpackQcow2 } from "../../packing/mod.ts";
import { isQcow2Source } from "../../qcow2/mod.ts";
import { saveRepaired } from "../../repairing/mod.ts";
import { saveSnapshot } from "../../saving/mod.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { createOutput } from "../output/output_file.ts";
import type { Converted, ConvertJob } from "./conversion.ts";

/**
 * Writes a mapped-ram file again, with its device state, repairs it, or unpacks
 * one that is packed.
 */
export async function copySnapshot(job: ConvertJob): Promise<Converted> {
  const { input: { source }, out, output, onProgress } = job;
  const options = { ...job.options, onProgress };
  const done = { files: [out], remarks: {} };
  if (options.repair) {
    const sink = createOutput(out, output);
    return { ...done, facts: await saveRepaired(sink, source, options) };
  }
  const snapshot = await openSnapshotFile(source, { ...options, disk: source });
  if (isQcow2Source(source)) {
    const byteLength = await snapshotLength(snapshot, options);
    const sink = createOutput(out, output);
    await unpackQcow2(source, sink, { ...options, byteLength });
    return { ...done, facts: { byteLength } };
  }
  const blocks = snapshot.blocks.map((block) => ({
    idstr: block.idstr,
    source: block,
    usedLength: block.usedLength,
  }));
  const facts = await saveSnapshot(createOutput(out, output), blocks, {
    ...options,
    deviceStateFrom: snapshot,
  });
  return { ...done, facts };
}
