import type { ReadOptions } from "../sources/mod.ts";
import { readDevices } from "./device_fields.ts";
import type { MemoryImage } from "./memory_image.ts";

const UNIT = 0x10000;
const KIB = 0x400;
const MIB = 0x100000;
const MIB_16 = 0x1000000;

/**
 * Returns the bytes of RAM below 4 GiB, which QEMU stores for a PC's firmware
 * in the CMOS memory of its clock; undefined if they are missing or invalid.
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
  const word = (at: number) => cmos[at] + cmos[at + 1] * 0x100;
  // In units of 64 KiB above 16 MiB and above 4 GiB, else in KiB above 1 MiB.
  const above16MiB = word(0x34) * UNIT;
  const above4GiB = (word(0x5b) + cmos[0x5d] * 0x10000) * UNIT;
  const low = above16MiB > 0 ? MIB_16 + above16MiB : MIB + word(0x30) * KIB;
  const rest = usedLength - low - above4GiB;
  if (rest < 0 || rest >= UNIT) return undefined;
  return above4GiB > 0 ? low : usedLength;
}
