/**
 * What machine a snapshot needs, what machine a QEMU is, and how they differ.
 *
 * @module
 */

export { compareMachines } from "./compare_machines.ts";
export { describeQemu, type DescribeQemuOptions } from "./describe_qemu.ts";
export { describeRunningQemu } from "./describe_running_qemu.ts";
export { describeSnapshot } from "./describe_snapshot.ts";
export type {
  MachineBlock,
  MachineDescription,
  MachineField,
  MachineSection,
} from "./machine_description.ts";
export type {
  DifferenceKind,
  MachineDifference,
  QemuOption,
} from "./machine_difference.ts";
