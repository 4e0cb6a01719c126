import { type Stats, statSync } from "node:fs";
import { tryFile } from "../program/system_error.ts";

/** Bytes that a file takes on the disk; undefined where that is not told. */
export function allocatedBytes(path: string): number | undefined {
  const stat = statOf(path);
  // A block device is no file that takes room.
  const blocks: unknown = stat?.isFile() ? stat.blocks : undefined;
  return typeof blocks === "number" ? blocks * 512 : undefined;
}

/** What is at a path; undefined if nothing is. */
export function statOf(path: string): Stats | undefined {
  return tryFile("look at", path, () => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      // A file where a folder should be: no entry either.
      if ((error as { readonly code?: string }).code === "ENOTDIR") {
        return undefined;
      }
      throw error;
    }
  });
}
