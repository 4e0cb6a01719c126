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
 * How the RAMBlocks differ, apart from those of devices on a bus, which come and
 * go with their device.
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
    // QEMU loads into a main memory that is larger.
    kind: isMain && other.usedLength < usedLength ? "refused" : "wrong",
    subject: `RAMBlock ${idstr}`,
    text: inBoth(size, formatSize(other.usedLength), qemu),
    ...isMain && { option: { name: "m", value: size } },
    remedy: isMain
      ? `start it with -m ${size}`
      : idstr.startsWith("/rom@")
      ? "give it the same devices, CPUs and memory, from which QEMU makes it"
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
      : `${size}, called ${alike.idstr} in ${qemu.name}`,
    remedy: alike !== undefined || isMainMemory(idstr)
      ? "start it with " +
        `-object memory-backend-ram,id=${idstr},size=${size} ` +
        `-machine memory-backend=${idstr}`
      : "add what it belongs to",
  };
}

/** Whether QEMU calls the memory of a machine so that `-m` gives. */
function isMainMemory(idstr: string): boolean {
  return /^([^/]*\.)?ram$/.test(idstr);
}

/** A size as QEMU's `-m` takes it: `256M`, `4G`, `96K`. */
export function formatSize(bytes: number): string {
  const units: [string, number][] = [["G", 2 ** 30], ["M", 2 ** 20], [
    "K",
    1024,
  ]];
  const [unit, size] = units.find(([, size]) => bytes % size === 0) ?? ["B", 1];
  return bytes === 0 ? "0" : `${bytes / size}${unit}`;
}
