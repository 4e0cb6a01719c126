import { setTimeout as sleep } from "node:timers/promises";
import type { RunningQemu } from "../../../reference/doors/qemu.ts";

/** Continues a saved guest: QEMU refuses for a moment after the save. */
export async function continueSaved(
  { qmp }: Pick<RunningQemu, "qmp">,
): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    try {
      return void await qmp.execute("cont");
    } catch (error) {
      if (!/not finalized yet/.test(String(error))) throw error;
      await sleep(20);
    }
  }
  throw new Error("QEMU does not finish the save");
}
