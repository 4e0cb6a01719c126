import { fstatSync, type Stats } from "node:fs";
import process from "node:process";

/** Linux's major number of /dev/null, /dev/zero, /dev/full. */
const MEMORY_MAJOR = 1;

/**
 * Whether a descriptor is a terminal. Neither `node:tty` nor the streams of
 * `node:process` are loaded for others: that takes up to 10 ms at each start.
 */
export function isTty(fd: number): boolean {
  return isTtyOf(fd, statOf(fd));
}

/** Same as {@linkcode isTty}, of a descriptor whose `fstat` is known. */
export function isTtyOf(fd: number, stat: Stats | undefined): boolean {
  if (!stat?.isCharacterDevice() || isMemoryDevice(stat)) return false;
  return process.getBuiltinModule("node:tty").isatty(fd);
}

function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

function isMemoryDevice({ rdev }: Stats): boolean {
  return process.platform === "linux" && (rdev >> 8 & 0xfff) === MEMORY_MAJOR;
}
