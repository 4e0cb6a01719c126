import type { Snapshot } from "../../reading/mod.ts";
import { isRamOnly } from "../input/is_ram_only.ts";
import type { ResumeArguments } from "./resume_arguments.ts";
import type { ResumeReport } from "./resume_report.ts";

/**
 * Refuses a snapshot without device state: QEMU loads it, but its CPUs then
 * start from reset, with memory of another run. A QEMU that waits at an address
 * may have no CPU, as with `-M none`: in this case it is only noted.
 *
 * @throws {RangeError} if the snapshot holds RAM only
 */
export async function refuseRamOnly(
  snapshot: Snapshot,
  { incoming, qemu, qmp }: Pick<ResumeArguments, "incoming" | "qemu" | "qmp">,
  { report, signal }: {
    readonly report: Pick<ResumeReport, "note">;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  if (!await isRamOnly(snapshot, signal)) return;
  const { source } = snapshot;
  const isSentAway = incoming !== undefined && qemu === undefined &&
    qmp === undefined;
  if (isSentAway) {
    report.note(
      `${source.name} holds RAM only, no CPU and no device: only a machine ` +
        "without CPUs, such as -M none, can use it",
    );
    return;
  }
  throw new RangeError(
    `Cannot resume ${JSON.stringify(source.name)}: it holds RAM only, no CPU ` +
      "and no device, so no guest can continue from it; save it with the devices " +
      "of a snapshot that QEMU saved (save --device-state)",
  );
}
