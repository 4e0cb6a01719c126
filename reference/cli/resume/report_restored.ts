import type { IncomingMigration } from "../../qemu/mod.ts";
import type { Destination } from "./resume_destination.ts";
import type { ResumeReport } from "./resume_report.ts";

/**
 * Waits until QEMU's capabilities are as they were before a load, and reports
 * if they are not. The guest needs none of them.
 */
export async function reportRestored(
  incoming: IncomingMigration | undefined,
  { destination, report }: {
    readonly destination: Destination | undefined;
    readonly report: ResumeReport;
  },
): Promise<void> {
  try {
    await incoming?.restored;
  } catch (error) {
    if (destination?.qmp.isClosed) return;
    const reason = error instanceof Error ? error.message : String(error);
    report.note(`capabilities of the load remain on: ${reason}`);
  }
}
