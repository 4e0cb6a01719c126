import type { MachineDescription } from "./machine_description.ts";

/** What a difference does to the load. */
export type DifferenceKind =
  /** QEMU refuses the snapshot. */
  | "refused"
  /** QEMU may load it without a word, but the guest finds another machine. */
  | "wrong"
  /** It loads; somebody may want to know. */
  | "note";

/** An option of QEMU's command line. */
export interface QemuOption {
  /** Its name, without the dash. */
  readonly name: "machine" | "m" | "smp" | "uuid";
  /** Its value; of `machine`, `m` and `smp` the first property alone. */
  readonly value: string;
}

/** One way in which a QEMU is not the machine that a snapshot is of. */
export interface MachineDifference {
  /** What it does to the load. */
  readonly kind: DifferenceKind;
  /** What differs: `machine`, `RAMBlock pc.ram`. */
  readonly subject: string;
  /** How it differs. */
  readonly text: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The option that ends the difference, where one alone does. */
  readonly option?: QemuOption;
}

/** Whether two types are versions of one machine, with the same devices in it. */
export function isSameFamily(machine: string, other: string): boolean {
  const family = (it: string) => it.split(/-\d+\.\d+/, 1)[0];
  return family(machine) === family(other);
}

/** What stands here and what stands there. */
export function inBoth(
  needed: string | number,
  found: string | number,
  qemu: MachineDescription,
): string {
  return `${needed} in the snapshot, ${found} in ${qemu.name}`;
}

/** A device that a QEMU has besides. */
export function extraDevice(name: string): MachineDifference {
  return {
    kind: "note",
    subject: `device ${name}`,
    text:
      "not in the snapshot; QEMU loads it, the guest does not know the device",
    remedy: "leave it out",
  };
}
