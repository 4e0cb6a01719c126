import { errorCode, SourceError } from "../sources/mod.ts";
import { nodeFs } from "./builtin_module.ts";

/** Returns device and inode of a path; undefined if it does not exist. */
export function identityAt(path: string): string | undefined {
  const stat = nodeFs().lstatSync(path, { throwIfNoEntry: false });
  return stat && identityOf(stat);
}

/** Returns device and inode: equal for the same file, whatever its names. */
export function identityOf(
  { dev, ino }: { readonly dev: number; readonly ino: number | null },
): string {
  return `${dev}:${ino}`;
}

/**
 * Returns a file that was opened again by its path. Closes it if the path now
 * leads to another file.
 *
 * @throws {SourceError} if its identity is not the expected one
 */
export function checkSameFile<
  T extends { readonly identity: string } & Disposable,
>(
  file: T,
  { name, identity }: { readonly name: string; readonly identity: string },
): T {
  if (file.identity === identity) return file;
  file[Symbol.dispose]();
  throw new SourceError(
    name,
    `Cannot open ${JSON.stringify(name)} again: there is another file now`,
  );
}

/** Removes a name if it still belongs to that file. */
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
    const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(
      errorCode(error),
    );
    // FAT has no links: all that can be done is to check just before.
    if (!noLinks || identityAt(to) !== undefined) throw error;
    fs.renameSync(from, to);
    return;
  }
  fs.unlinkSync(from);
}
