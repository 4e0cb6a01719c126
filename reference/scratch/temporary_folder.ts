import {
  builtinModule,
  fileError,
  livenessOf,
  nodeFs,
  processIdentity,
} from "../local/mod.ts";

/** `mapped-ram-<pid>-<identity of the process>-<random>` */
const NAME = /^mapped-ram-(\d+)-([0-9a-z]{18})-[^-]+$/;
const USE = { what: "folders", action: "make a temporary folder" };

/**
 * Creates a folder that no other user can enter, in the folder for temporary
 * files; the caller removes it. Folders left by killed processes of this user
 * are removed: they may contain RAM.
 *
 * @throws {SourceError} if it cannot be created
 */
export function makeTemporaryFolder(
  options: {
    /** Whether to keep it after this process has ended. Default: false. */
    readonly keep?: boolean;
    /** Where to create it. Default: the folder for temporary files. */
    readonly parent?: string | undefined;
  } = {},
): string {
  const parent = options.parent ?? builtinModule("node:os", USE).tmpdir();
  const { join } = builtinModule("node:path", USE);
  const owner = options.keep ? "kept" : processIdentity();
  let folder: string;
  try {
    folder = nodeFs().mkdtempSync(join(parent, `mapped-ram-${owner}-`));
  } catch (error) {
    throw fileError("write to", parent, error);
  }
  removeDeadFolders(parent, nodeFs().lstatSync(folder).uid);
  return folder;
}

/** Folders that cannot be removed are left for the next process. */
function removeDeadFolders(parent: string, uid: number): void {
  const fs = nodeFs();
  const { join } = builtinModule("node:path", USE);
  try {
    // If other users can rename folders, a name does not prove the owner.
    const { mode } = fs.statSync(parent);
    if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) return;
    for (const name of fs.readdirSync(parent)) {
      const [, pid, identity] = NAME.exec(name) ?? [];
      if (pid === undefined) continue;
      const path = join(parent, name);
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      if (!stat?.isDirectory() || stat.uid !== uid) continue;
      if ((stat.mode & 0o777) !== 0o700) continue;
      if (livenessOf(Number(pid), identity) !== "dead") continue;
      fs.rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // This does not affect the work of this process.
  }
}
