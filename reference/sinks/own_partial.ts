import type { Stats } from "node:fs";
import {
  fileError,
  type FileLock,
  hasLocks,
  identityAt,
  LocalFile,
  lockFile,
  nodeFs,
  ownUser,
  removeName,
  type TryLock,
} from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { partialPath } from "./partial_file.ts";

/** An unfinished file of this process. */
export interface OwnPartial {
  readonly path: string;
  readonly file: LocalFile;
  /** Held while the process writes the file. */
  readonly lock: FileLock;
  /** Whether the file was started by another process. */
  readonly claimed: boolean;
}

/** If two processes start at once, one may remove the other's new file. */
const ATTEMPTS = 3;

/**
 * Creates and locks a new file of `target` that no other user can read or
 * write.
 *
 * @throws {SourceError} if it cannot be created
 */
export function createPartial(
  target: string,
  options: { readonly name: string; readonly tryLock?: TryLock | undefined },
): OwnPartial {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const made = tryCreate(target, options);
    if (made !== undefined) return made;
  }
  const { name } = options;
  throw new SourceError(
    name,
    `Cannot write ${JSON.stringify(name)}: its unfinished file was removed ` +
      "repeatedly; check whether another process is writing it",
  );
}

/**
 * Returns the user that owns new files of `target`: that of this process if
 * known, else the owner of a file created for this purpose.
 *
 * @throws {SourceError} if none can be created
 */
export function ownerOf(target: string, name: string): number {
  const user = ownUser();
  if (user !== undefined) return user;
  const probe = createPartial(target, { name });
  try {
    return statOf(probe.file).uid;
  } finally {
    discardPartial(probe);
  }
}

/** Closes and removes a file that is not needed any more. */
export function discardPartial({ path, file, lock }: OwnPartial): void {
  try {
    file.close();
    removeName(path, file.identity);
  } finally {
    lock.release();
  }
}

/** Creates and locks a file; returns undefined if it was removed in between. */
function tryCreate(
  target: string,
  { name, tryLock }: {
    readonly name: string;
    readonly tryLock?: TryLock | undefined;
  },
): OwnPartial | undefined {
  const locks = hasLocks(tryLock);
  let path = partialPath(target, { locks });
  const file = createFile(path, name);
  const { identity } = file;
  try {
    const lock = lockFile(path, { identity, tryLock });
    if (locks && lock.state === "none") {
      const without = partialPath(target, { locks: false });
      nodeFs().renameSync(path, without);
      path = without;
    }
    if (lock.state !== "busy" && identityAt(path) === identity) {
      return { path, file, lock, claimed: false };
    }
    lock.release();
  } catch (error) {
    file.close();
    removeName(path, identity);
    throw error;
  }
  file.close();
  return undefined;
}

function createFile(path: string, name: string): LocalFile {
  const { O_CREAT, O_EXCL, O_RDWR } = nodeFs().constants;
  try {
    return new LocalFile(path, O_CREAT | O_EXCL | O_RDWR, 0o600, name);
  } catch (error) {
    // Name the target: the user does not know the name of the unfinished file.
    throw fileError("write", name, (error as SourceError).cause ?? error);
  }
}

/** Returns the `stat` of an open file. */
export function statOf(file: LocalFile): Stats {
  return file.use((fd) => nodeFs().fstatSync(fd));
}
