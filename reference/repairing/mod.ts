/**
 * Repairs of files that QEMU saved with the capability background-snapshot.
 *
 * @module
 */

export {
  type RepairOptions,
  repairSnapshot,
  type RepairSummary,
  saveRepaired,
} from "./repair_snapshot.ts";
