/**
 * Machines that leave their RAM alone as they start. Others write a device tree
 * or boot parameters to it, over what is mapped there: pseries, powernv,
 * s390-ccw-virtio.
 */
const LEAVES_RAM = /^(none|isapc|microvm|malta|mac99|(pc|virt)(-[\w.-]+)?)$/;

/**
 * Whether a machine type is known to leave the RAM as it is mapped until the
 * guest is there. The name is that in a snapshot: `pc-i440fx-10.0`.
 */
export function leavesRAM(machine: string): boolean {
  return LEAVES_RAM.test(machine);
}
