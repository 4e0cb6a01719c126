import type { MachineDifference } from "../../machines/mod.ts";
import { startIncoming, startQemu } from "../../qemu/mod.ts";
import { SourceError } from "../../sources/mod.ts";
import type { QemuCommand } from "../input/qemu_command.ts";
import { qemuReasons } from "../output/qemu_reasons.ts";

/** Maximum lines of QEMU's output that are shown. */
const LINES_MAX = 2;
/** Milliseconds to load a guest, which may have many GiB. */
const TIMEOUT = 600_000;

/**
 * Lets the QEMU of these arguments load all of a snapshot without running it.
 * Returns QEMU's messages if it refuses.
 */
export async function tryLoad(
  { program, args }: QemuCommand,
  file: { readonly filename: string; readonly offset: number },
  signal: AbortSignal,
): Promise<MachineDifference | undefined> {
  await using qemu = await startQemu(
    [...args, "-S", "-display", "none"],
    { program, signal },
  );
  try {
    const { completed } = await startIncoming(
      qemu.qmp,
      { transport: "file", ...file },
      { capabilities: ["mapped-ram"], signal, timeout: TIMEOUT },
    );
    await qemu.whileRunning(completed);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SourceError)) throw error;
    const reasons = qemuReasons([qemu.stderr, error.message]);
    return {
      kind: "refused",
      subject: "load",
      text: reasons.slice(0, LINES_MAX).join("; "),
      remedy: "give the device it names the properties it was saved with",
    };
  }
}
