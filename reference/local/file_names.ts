import type { Stats } from "node:fs";
import { nodeFs } from "./node_fs.ts";

/** Returns device and inode of a path; undefined if it does not exist. */
export function identityAt(path: string): string | undefined {
  const stat = nodeFs().lstatSync(path, { throwIfNoEntry: false });
  return stat && identityOf(stat);
}

/** Returns device and inode: equal for the same file, whatever its names. */
export function identityOf({ dev, ino }: Pick<Stats, "dev" | "ino">): string {
  return `${dev}:${ino}`;
}

/** Removes a name, if it is still the name of that file. */
export function removeName(path: string, identity: string): void {
  if (identityAt(path) !== identity) return;
  nodeFs().rmSync(path, { force: true });
}

/**
 * Renames a file; throws if the new name exists. If the process is killed in
 * between, the file has both names.
 */
export function renameToNew(from: string, to: string): void {
  const fs = nodeFs();
  try {
    // Unlike a rename, a link fails if the name exists.
    fs.linkSync(from, to);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(
      code ?? "",
    );
    // FAT has no links; the only way left is to check just before.
    if (!noLinks || identityAt(to) !== undefined) throw error;
    fs.renameSync(from, to);
    return;
  }
  fs.unlinkSync(from);
}
