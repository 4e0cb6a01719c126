import { readFileSync } from "node:fs";

/** A range of addresses of this process. */
export interface AddressRange {
  /** The first address. */
  readonly address: number;
  /** Its size in bytes. */
  readonly byteLength: number;
}

/**
 * Returns the parts of a range that a userfaultfd watches for missing pages:
 * without those that were unmapped or moved, in whose place other memory may be
 * by now. All of it if the system does not tell.
 */
export function watchedRanges(range: AddressRange): AddressRange[] {
  let text: string;
  try {
    text = readFileSync("/proc/self/smaps", "utf8");
  } catch {
    return [range];
  }
  const { address: first, byteLength } = range;
  const found: AddressRange[] = [];
  let [start, end] = [0, 0];
  for (const line of text.split("\n")) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line) ?? [];
    if (from !== undefined) {
      start = Math.max(first, parseInt(from, 16));
      end = Math.min(first + byteLength, parseInt(to, 16));
    } else if (start < end && /^VmFlags:.* um(?: |$)/.test(line)) {
      found.push({ address: start, byteLength: end - start });
    }
  }
  return found;
}
