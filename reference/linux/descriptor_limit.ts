import { readdirSync } from "node:fs";
import { LINUX } from "./linux_constants.ts";
import { linux } from "./system_calls.ts";

/** How many descriptors this process may have open. */
export function descriptorLimit(): number {
  const limit = new BigUint64Array(2);
  const bytes = new Uint8Array(limit.buffer);
  if (linux().call.getrlimit(LINUX.RLIMIT_NOFILE, bytes) < 0) return 0;
  return Number(limit[0]);
}

/** How many descriptors it has open; `Infinity` if not even this one is left. */
export function openDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return Infinity;
  }
}
