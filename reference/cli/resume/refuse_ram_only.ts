import { QEMU_VM_EOF } from "../../../format/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";

/**
 * Refuses a snapshot without any device state: QEMU loads it, but its CPUs then
 * start from reset, in memory that belongs to another run.
 *
 * @throws {RangeError} if the snapshot holds RAM only
 */
export async function refuseRamOnly(
  { source, index }: Snapshot,
  signal: AbortSignal,
): Promise<void> {
  if (index.earlySections.length > 0) return;
  const type = new Uint8Array(1);
  if (index.ramEnd >= source.byteLength) return;
  await source.readInto(type, index.ramEnd, { signal });
  if (type[0] !== QEMU_VM_EOF) return;
  throw new RangeError(
    `Cannot resume ${JSON.stringify(source.name)}: it holds RAM only, no CPU ` +
      "and no device, so no guest can go on from it; save it with the devices " +
      "of a snapshot that QEMU saved (save --device-state)",
  );
}
