import { Buffer } from "node:buffer";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { sidecarPlace } from "../../inputs/mod.ts";

/** How each sidecar starts: version, algorithm, block size, no salt. */
const START = Buffer.from([1, 1, 12, 0, 0, 0, 0, 0]);

/**
 * Returns the path of the sidecar beside a file or beside where it was, if
 * there is one. It is not that of a new file at the path.
 */
export function oldSidecar(path: string): string | undefined {
  const place = sidecarPlace(path);
  const bytes = Buffer.alloc(START.length);
  let fd: number;
  try {
    fd = openSync(place, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    return undefined;
  }
  try {
    readSync(fd, bytes);
  } catch {
    // A folder has no bytes.
  } finally {
    closeSync(fd);
  }
  return bytes.equals(START) ? place : undefined;
}
