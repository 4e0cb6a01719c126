import type { ReadOptions } from "../sources/mod.ts";
import type { MemoryImage } from "./memory_image.ts";

/**
 * Whether an image has device state, described or not; a snapshot made from
 * memory alone has none.
 */
export async function hasDeviceState(
  { devices }: MemoryImage,
  options?: ReadOptions,
): Promise<boolean> {
  if (devices === undefined) return false;
  const { sections, eofOffset } = await devices.state(options);
  return eofOffset === undefined || sections.length > 0 ||
    devices.early.length > 0;
}
