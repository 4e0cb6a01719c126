import { parseDevicePath } from "./device_path.ts";
import type {
  MachineBlock,
  MachineDescription,
} from "./machine_description.ts";
import {
  inBoth,
  isSameFamily,
  type MachineDifference,
} from "./machine_difference.ts";

/**
 * Yields the differences between RAMBlocks, except those of devices on a bus,
 * which are reported with their device.
 */
export function* compareRAMBlocks(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  const found = new Map(qemu.blocks.map((it) => [it.idstr, it]));
  const needed = new Set(snapshot.blocks.map(({ idstr }) => idstr));
  const sameFamily = isSameFamily(snapshot.machine, qemu.machine);
  for (const block of snapshot.blocks) {
    const { idstr, usedLength } = block;
    const other = found.get(idstr);
    if (other !== undefined) {
      if (other.usedLength !== usedLength) {
        yield otherSize(block, other, qemu);
      }
    } else if (sameFamily && parseDevicePath(idstr) === undefined) {
      const alike = qemu.blocks.find((it) =>
        it.usedLength === usedLength && !needed.has(it.idstr)
      );
      yield missing(block, qemu, alike);
    }
  }
}

function otherSize(
  { idstr, usedLength }: MachineBlock,
  other: MachineBlock,
  qemu: MachineDescription,
): MachineDifference {
  const size = formatSize(usedLength);
  const isMain = isMainMemory(idstr);
  return {
    // QEMU accepts a larger main memory.
    kind: isMain && other.usedLength < usedLength ? "refused" : "wrong",
    subject: `RAMBlock ${idstr}`,
    text: inBoth(size, formatSize(other.usedLength), qemu),
    ...isMain && { option: { name: "m", value: size } },
    remedy: isMain
      ? `start it with -m ${size}`
      : idstr.startsWith("/rom@")
      ? "give it the same devices, CPUs and memory, from which QEMU builds it"
      : "give its device memory of the same size",
  };
}

function missing(
  { idstr, usedLength }: MachineBlock,
  qemu: MachineDescription,
  alike: MachineBlock | undefined,
): MachineDifference {
  const size = formatSize(usedLength);
  return {
    kind: "refused",
    subject: `RAMBlock ${idstr}`,
    text: alike === undefined
      ? `${size}, not in ${qemu.name}`
      : `${size}, named ${alike.idstr} in ${qemu.name}`,
    remedy: alike !== undefined || isMainMemory(idstr)
      ? "start it with " +
        `-object memory-backend-ram,id=${idstr},size=${size} ` +
        `-machine memory-backend=${idstr}`
      : "add the device that it belongs to",
  };
}

/** Whether this is the machine's main memory, whose size `-m` sets. */
function isMainMemory(idstr: string): boolean {
  return /^([^/]*\.)?ram$/.test(idstr);
}

/** Formats a size for QEMU's `-m`: `256M`, `4G`, `96K`. */
function formatSize(bytes: number): string {
  const units: [string, number][] = [["G", 2 ** 30], ["M", 2 ** 20], [
    "K",
    1024,
  ]];
  const [unit, size] = units.find(([, size]) => bytes % size === 0) ?? ["B", 1];
  return bytes === 0 ? "0" : `${bytes / size}${unit}`;
}
