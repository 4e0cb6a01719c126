import type { MachineDescription } from "./machine_description.ts";

/** How a difference affects loading. */
export type DifferenceKind =
  /** QEMU refuses the snapshot. */
  | "refused"
  /** QEMU may load it without an error, but the guest sees another machine. */
  | "wrong"
  /** It loads; the difference may be of interest. */
  | "note";

/** An option of QEMU's command line. */
export interface QemuOption {
  /** Name of the option, without the dash. */
  readonly name: "machine" | "m" | "smp" | "uuid";
  /**
   * Value of the option; of `machine`, `m` and `smp` only the first property.
   */
  readonly value: string;
}

/** One way in which a QEMU differs from the machine of a snapshot. */
export interface MachineDifference {
  /** How it affects loading. */
  readonly kind: DifferenceKind;
  /** What differs: `machine`, `RAMBlock pc.ram`. */
  readonly subject: string;
  /** How it differs. */
  readonly text: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The option that removes the difference, if a single one does. */
  readonly option?: QemuOption;
}

/**
 * Whether two types are versions of the same machine, with the same devices.
 */
export function isSameFamily(machine: string, other: string): boolean {
  const family = (it: string) => it.split(/-\d+\.\d+/, 1)[0];
  return family(machine) === family(other);
}

/** Describes a value in the snapshot and in QEMU. */
export function inBoth(
  needed: string | number,
  found: string | number,
  qemu: MachineDescription,
): string {
  return `${needed} in the snapshot, ${found} in ${qemu.name}`;
}

/** Returns the difference for a device that only QEMU has. */
export function extraDevice(name: string): MachineDifference {
  return {
    kind: "note",
    subject: `device ${name}`,
    text:
      "not in the snapshot; QEMU loads it, but the guest does not know the device",
    remedy: "leave it out",
  };
}
