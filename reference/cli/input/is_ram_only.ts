import { QEMU_VM_EOF } from "../../../format/stream/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";

/** Whether a snapshot holds no CPU and no device: no guest continues from it. */
export async function isRamOnly(
  { source, index }: Snapshot,
  signal: AbortSignal,
): Promise<boolean> {
  if (index.earlySections.length > 0) return false;
  if (index.ramEnd >= source.byteLength) return false;
  const type = new Uint8Array(1);
  await source.readInto(type, index.ramEnd, { signal });
  return type[0] === QEMU_VM_EOF;
}
