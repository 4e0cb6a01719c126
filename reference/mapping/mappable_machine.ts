/**
 * Machines that do not write to RAM as they start. Others write a device tree
 * or boot parameters over the mapped memory: pseries, powernv, s390-ccw-virtio.
 */
const LEAVES_RAM = /^(none|isapc|microvm|malta|mac99|(pc|virt)(-[\w.-]+)?)$/;

/**
 * Whether a machine type is known to leave mapped RAM untouched until the guest
 * is loaded. The name is that in a snapshot: `pc-i440fx-10.0`.
 */
export function leavesRAM(machine: string): boolean {
  return LEAVES_RAM.test(machine);
}
