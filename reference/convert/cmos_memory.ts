import type { ReadOptions } from "../sources/mod.ts";
import { readDevices } from "./device_fields.ts";
import type { MemoryImage } from "./memory_image.ts";

const UNIT = 0x10000;
const MIB_16 = 0x1000000;

/**
 * How many bytes of RAM lie below 4 GiB, as QEMU noted it for a PC's firmware in
 * the memory of its clock; undefined where it is not there or cannot be.
 */
export async function lowLengthInCmos(
  image: MemoryImage,
  usedLength: number,
  options?: ReadOptions,
): Promise<number | undefined> {
  const [clock] = await readDevices(
    image,
    (idstr) => idstr === "mc146818rtc",
    options,
  );
  const cmos = clock?.bytes("cmos_data");
  if (cmos === undefined) return undefined;
  // In units of 64 KiB: what lies from 16 MiB on, and what from 4 GiB on.
  const above16MiB = (cmos[0x34] + cmos[0x35] * 0x100) * UNIT;
  const above4GiB = UNIT *
    (cmos[0x5b] + cmos[0x5c] * 0x100 + cmos[0x5d] * 0x10000);
  const low = MIB_16 + above16MiB;
  return above16MiB > 0 && low + above4GiB === usedLength ? low : undefined;
}
