import assert from "node:assert/strict";
import { openFileSource, openSnapshot } from "../../../mod.ts";
import {
  createScratchSink,
  findDataRanges,
  type IncomingGuest,
  type MappedResumePlan,
  type RunningQemu,
  startIncoming,
  writeDeviceOnly,
} from "../../../reference/doors/qemu.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

/** Loads the device state of a guest into a QEMU whose RAM is mapped. */
export async function resumeByMap(
  plan: MappedResumePlan,
  { qemu, scratch, staleCount = 0 }: {
    readonly qemu: RunningQemu;
    readonly scratch: ScratchDirectory;
    readonly staleCount?: number;
  },
): Promise<IncomingGuest> {
  const filename = scratch.file("device-only");
  using source = openFileSource(plan.path);
  const ranges = plan.blocks.map(({ offset, size }) =>
    findDataRanges(plan.path, { offset, length: size })
  );
  const written = await writeDeviceOnly(
    await openSnapshot(source),
    createScratchSink(filename),
    {
      mapped: plan.blocks.map(({ idstr }) => idstr),
      dataRanges: (await Promise.all(ranges)).flat(),
    },
  );
  assert.equal(written.staleCount, staleCount);
  const { guest, completed } = await startIncoming(
    qemu.qmp,
    { transport: "file", filename, offset: 0 },
    { capabilities: ["mapped-ram"] },
  );
  await qemu.whileRunning(completed);
  return await guest;
}
