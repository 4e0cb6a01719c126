import type { ReadOptions } from "../sources/mod.ts";
import { readDevices } from "./device_fields.ts";
import type { GuestRange } from "./guest_range.ts";
import type { MemoryImage } from "./memory_image.ts";
import { pciConfig } from "./pci_config.ts";

/** The registers of a PCI device: command, and the first base address. */
const COMMAND = 0x04;
const COMMAND_MEMORY = 0x02;
const BAR0 = 0x10;
const BAR_IO = 0x01;
const BAR_FLAGS = 0x0f;

/**
 * The video memory of QEMU's standard VGA: this name, or below its device's.
 */
const VIDEO = /^(?:(.+)\/)?vga\.vram$/;

/**
 * Returns where the guest sees the video memory of a standard VGA: the address
 * assigned to its PCI device, if any.
 */
export async function videoMemory(
  image: MemoryImage,
  options?: ReadOptions,
): Promise<GuestRange[]> {
  const block = image.blocks.find(({ idstr }) => VIDEO.test(idstr));
  if (block === undefined) return [];
  const { idstr, usedLength: length } = block;
  const path = VIDEO.exec(idstr)?.[1];
  const devices = await readDevices(
    image,
    (it) => path === undefined ? it.endsWith("/vga") : it === `${path}/vga`,
    options,
  );
  const [device] = devices;
  const config = pciConfig(device);
  if (devices.length !== 1 || config === undefined) return [];
  const registers = new DataView(config.buffer, config.byteOffset);
  const bar = registers.getUint32(BAR0, true);
  const isOn = (registers.getUint16(COMMAND, true) & COMMAND_MEMORY) !== 0;
  const address = (bar & ~BAR_FLAGS) >>> 0;
  if (!isOn || address === 0 || (bar & BAR_IO) !== 0) return [];
  return [{ address, length, idstr, offset: 0 }];
}
