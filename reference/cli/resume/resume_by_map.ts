import type { MappedResumePlan } from "../../mapping/mod.ts";
import { type IncomingMigration, startIncoming } from "../../qemu/mod.ts";
import { joinWords } from "../input/split_words.ts";
import { checkMapping } from "./check_mapping.ts";
import type { PendingDevices } from "./pending_devices.ts";
import { reportRestored } from "./report_restored.ts";
import type { ResumeArguments } from "./resume_arguments.ts";
import type { Destination } from "./resume_destination.ts";
import { explainFailure } from "./resume_failure.ts";
import type { ResumeReport } from "./resume_report.ts";

/** Options of resuming a guest. */
export interface MapSession {
  readonly request: ResumeArguments;
  readonly destination: Destination;
  /** The file that QEMU loads. */
  readonly devices: PendingDevices;
  readonly report: ResumeReport;
  readonly signal: AbortSignal;
}

/** Lets a QEMU that maps the guest's RAM load the rest of the guest. */
export async function resumeByMap(
  plan: MappedResumePlan,
  session: MapSession,
): Promise<void> {
  const { request, destination, devices, report, signal } = session;
  const { qmp } = destination;
  // A QEMU that this command started has them.
  if (request.qmp !== undefined) {
    report.note(`QEMU must have been started with ${joinWords(plan.args)}`);
    await checkMapping(qmp, plan, signal);
  }
  await devices.written;
  let incoming: IncomingMigration | undefined;
  try {
    if (request.paused) await qmp.execute("stop", {}, { signal });
    incoming = await startIncoming(
      qmp,
      { transport: "file", filename: devices.path, offset: 0 },
      {
        capabilities: ["mapped-ram"],
        start: !request.paused,
        timeout: Infinity,
        signal,
      },
    );
    const { status, milliseconds } = await destination.whileRunning(
      incoming.guest,
    );
    report.running(status, milliseconds);
    await reportRestored(incoming, session);
    report.done(undefined, true);
  } catch (error) {
    signal.throwIfAborted();
    throw await explainFailure(error, request, { destination, incoming });
  }
}
