import { type Stats, statSync } from "node:fs";
import { tryFile } from "../program/try_file.ts";

/** Returns the bytes that a file takes on the disk; undefined if unknown. */
export function allocatedBytes(path: string): number | undefined {
  const stat = statOf(path);
  // A block device takes no space of its own.
  const blocks: unknown = stat?.isFile() ? stat.blocks : undefined;
  return typeof blocks === "number" ? blocks * 512 : undefined;
}

/** Returns the properties of a file; undefined if there is none. */
export function statOf(path: string): Stats | undefined {
  return tryFile("look at", path, () => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      // A parent of the path is a file: there is no entry either.
      if ((error as { readonly code?: string }).code === "ENOTDIR") {
        return undefined;
      }
      throw error;
    }
  });
}
