import { readdirSync } from "node:fs";
import { LINUX } from "./linux_constants.ts";
import { linux } from "../system/mod.ts";

/** Returns how many descriptors this process may open; 0 if unknown. */
export function descriptorLimit(): number {
  const limit = new BigUint64Array(2);
  const bytes = new Uint8Array(limit.buffer);
  if (linux().call.getrlimit(LINUX.RLIMIT_NOFILE, bytes) < 0) return 0;
  return Number(limit[0]);
}

/**
 * Returns how many descriptors this process has open; `Infinity` if it cannot
 * open another one to count them.
 */
export function openDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return Infinity;
  }
}
