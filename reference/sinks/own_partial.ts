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

/** A file that this process is making. */
export interface OwnPartial {
  readonly path: string;
  readonly file: LocalFile;
  /** Holds for as long as the process makes it. */
  readonly lock: FileLock;
  /** Whether another process has begun it. */
  readonly claimed: boolean;
}

/** Of files that start at once, one may remove the other as it is made. */
const ATTEMPTS = 3;

/**
 * Makes a new file of `target` that nobody else may read or write, and locks it.
 *
 * @throws {SourceError} if it cannot be made
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
    `Cannot write ${JSON.stringify(name)}: its unfinished file is removed ` +
      "again and again; is another process writing it?",
  );
}

/**
 * The user that new files of `target` belong to: this one, as far as the runtime
 * tells, or found out by making one.
 *
 * @throws {SourceError} if none can be made
 */
export function ownerOf(target: string, name: string): number {
  const user = ownUser();
  if (user !== undefined) return user;
  const own = createPartial(target, { name });
  try {
    return statOf(own.file).uid;
  } finally {
    discardPartial(own);
  }
}

/** Closes a file that is not wanted after all, and removes it. */
export function discardPartial({ path, file, lock }: OwnPartial): void {
  try {
    file.close();
    removeName(path, file.identity);
  } finally {
    lock.release();
  }
}

/** Undefined if it was removed before it was locked. */
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
    // The one that cannot be opened is not known to the user.
    throw fileError("write", name, (error as SourceError).cause ?? error);
  }
}

/** Facts of an open file. */
export function statOf(file: LocalFile): Stats {
  return file.use((fd) => nodeFs().fstatSync(fd));
}
