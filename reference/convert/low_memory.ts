import type { ReadOptions } from "../sources/mod.ts";
import { readDevices } from "./device_fields.ts";
import { hasDeviceState } from "./has_device_state.ts";
import type { MemoryImage } from "./memory_image.ts";
import { pciConfig } from "./pci_config.ts";

/** The memory that the guest reads between 640 KiB and 1 MiB. */
export interface LowMemory {
  /** Whether a display adapter covers the RAM from 640 to 768 KiB. */
  readonly hasVga: boolean;
  /** The memory that is read from 768 KiB on, as far as known. */
  readonly reads: readonly {
    readonly address: number;
    readonly length: number;
    readonly from: "ram" | "rom";
  }[];
}

/** The memory of a display adapter, by the name of its RAMBlock. */
const VGA = /^(?:(.+)\/)?(vga\.vram|qxl\.vgavram|virtio-vga.*)$/;
/**
 * Position of a PCI device's class, and the class of a display that is not VGA.
 */
const PCI_CLASS = 0x0a;
const DISPLAY_OTHER = 0x0380;
/** ROM, or the RAM below it. */
const FIRMWARE = /^pc\.(bios|rom)$/;
/** The registers of i440FX and q35 that select RAM. */
const HOSTS: readonly [RegExp, number][] = [
  [/\/I440FX$/, 0x59],
  [/\/mch$/, 0x90],
];
const START = 0xc0000;
const END = 0x100000;
const SEGMENT = 0x4000;
const SEGMENTS = 12;
/** Bit 0 of each half of a register: reads return RAM. */
const READS_RAM = [0x01, 0x10];

/**
 * Returns what the guest reads below 1 MiB, by the registers of its host
 * bridge.
 */
export async function readLowMemory(
  image: MemoryImage,
  kind: "pc" | "microvm",
  options?: ReadOptions,
): Promise<LowMemory> {
  if (kind === "microvm") {
    const reads = [
      { address: START, length: 0x20000, from: "ram" },
      { address: 0xe0000, length: 0x20000, from: "rom" },
    ] as const;
    return { hasVga: false, reads };
  }
  const hasVga = await findVga(image, options);
  for (const [pattern, position] of HOSTS) {
    const [host] = await readDevices(
      image,
      (idstr) => pattern.test(idstr),
      options,
    );
    const config = pciConfig(host);
    if (config === undefined) continue;
    return { hasVga, reads: readRegisters(config.subarray(position)) };
  }
  // In a snapshot made from memory alone, no device covers the RAM.
  const isBare = image.devices !== undefined &&
    !image.blocks.some(({ idstr }) => FIRMWARE.test(idstr)) &&
    !await hasDeviceState(image, options);
  const reads = isBare
    ? [{ address: START, length: END - START, from: "ram" } as const]
    : [];
  return { hasVga, reads };
}

/** Whether an adapter answers below 1 MiB; a secondary one does not. */
async function findVga(
  image: MemoryImage,
  options?: ReadOptions,
): Promise<boolean> {
  for (const { idstr } of image.blocks) {
    const found = VGA.exec(idstr);
    if (found === null) continue;
    const [, path] = found;
    const devices = path === undefined ? [] : await readDevices(
      image,
      (it) => it.startsWith(`${path}/`),
      options,
    );
    const isOther = devices.map(pciConfig).some((config) =>
      config !== undefined &&
      config[PCI_CLASS] + config[PCI_CLASS + 1] * 0x100 === DISPLAY_OTHER
    );
    if (!isOther) return true;
  }
  return false;
}

/**
 * The first register is for the 64 KiB below 1 MiB, each other for two
 * segments.
 */
function readRegisters(registers: Uint8Array): LowMemory["reads"] {
  const reads: { address: number; length: number; from: "ram" | "rom" }[] = [];
  for (let segment = 0; segment < SEGMENTS; segment++) {
    const register = registers[1 + Math.floor(segment / 2)];
    const isRam = (register & READS_RAM[segment % 2]) !== 0;
    reads.push({
      address: START + segment * SEGMENT,
      length: SEGMENT,
      from: isRam ? "ram" : "rom",
    });
  }
  reads.push({
    address: 0xf0000,
    length: 0x10000,
    from: (registers[0] & READS_RAM[1]) !== 0 ? "ram" : "rom",
  });
  return reads;
}
