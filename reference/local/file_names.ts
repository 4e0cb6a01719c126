import type { Stats } from "node:fs";
import { nodeFs } from "./node_fs.ts";

/** Device and inode of what has a name; undefined if nothing has. */
export function identityAt(path: string): string | undefined {
  const stat = nodeFs().lstatSync(path, { throwIfNoEntry: false });
  return stat && identityOf(stat);
}

/** Device and inode: the same for the same file, whatever its names. */
export function identityOf({ dev, ino }: Pick<Stats, "dev" | "ino">): string {
  return `${dev}:${ino}`;
}

/** Takes a name away, if it is still the name of that file. */
export function removeName(path: string, identity: string): void {
  if (identityAt(path) !== identity) return;
  nodeFs().rmSync(path, { force: true });
}

/**
 * Gives a file another name, unless there is something of that name: then it
 * throws. Killed in between, the file has both names.
 */
export function renameToNew(from: string, to: string): void {
  const fs = nodeFs();
  try {
    // Unlike a rename, a link fails if there is something.
    fs.linkSync(from, to);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(
      code ?? "",
    );
    // FAT has no links; what is left is to look just before.
    if (!noLinks || identityAt(to) !== undefined) throw error;
    fs.renameSync(from, to);
    return;
  }
  fs.unlinkSync(from);
}
