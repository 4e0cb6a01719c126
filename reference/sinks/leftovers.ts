import type { Stats } from "node:fs";
import {
  builtinModule,
  fileError,
  type FileLock,
  identityAt,
  identityOf,
  isOnLocalFileSystem,
  livenessOf,
  LocalFile,
  lockFile,
  type LockOptions,
  nodeFs,
  type TryLock,
} from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { type OwnPartial, statOf } from "./own_partial.ts";
import { findPartials, type PartialName, partialPath } from "./partial_file.ts";

/** Options of finding leftovers. */
export interface LeftoverOptions {
  /** Name of the target in errors. */
  readonly name: string;
  /** The user whose files are considered. */
  readonly uid: number;
  /** The unfinished file of this process, if it exists already. */
  readonly own?: OwnPartial | undefined;
  readonly tryLock?: TryLock | undefined;
}

/** A file left by a process, locked while it is examined. */
interface Leftover {
  readonly path: string;
  readonly stat: Stats;
  readonly lock: FileLock;
}

/**
 * Removes the unfinished files of `target`. Files of other users are ignored,
 * whatever their names.
 *
 * @throws {SourceError} if another process is writing one, or one cannot be
 * removed
 */
export function removeLeftovers(
  target: string,
  options: LeftoverOptions,
): void {
  withLeftovers(target, options, (leftovers) => {
    for (const { path } of leftovers) nodeFs().rmSync(path, { force: true });
  });
}

/**
 * Takes over an unfinished file of `target` left by a killed process, the
 * largest if there are several, and gives it a name of this process. It must
 * not be accessible to other users and must have no other name, which would be
 * that of a finished file.
 *
 * @throws {SourceError} if there is none, or another process uses it
 */
export function claimLeftover(
  target: string,
  options: LeftoverOptions,
): OwnPartial {
  return withLeftovers(target, options, (leftovers) => {
    const [largest] = leftovers.filter(isPrivate)
      .toSorted((a, b) => b.stat.blocks - a.stat.blocks);
    if (largest !== undefined) {
      const claimed = takeOver(target, largest, options);
      leftovers.splice(leftovers.indexOf(largest), 1);
      return claimed;
    }
    const { name } = options;
    const found = leftovers.length > 0
      ? "its unfinished file has another name too, or other users may read " +
        "or write it, so it is not trusted; remove it"
      : "there is no unfinished file of it" +
        (findPartials(target).length > 0 ? " owned by this user" : "");
    throw new SourceError(
      name,
      `Cannot resume ${JSON.stringify(name)}: ${found}`,
    );
  });
}

function takeOver(
  target: string,
  { path, stat, lock }: Leftover,
  { name }: LeftoverOptions,
): OwnPartial {
  const { O_RDWR, O_NOFOLLOW } = nodeFs().constants;
  const file = new LocalFile(path, O_RDWR | (O_NOFOLLOW ?? 0), 0, name);
  const isSame = file.identity === identityOf(stat) &&
    isPrivate({ stat: statOf(file) });
  if (!isSame) {
    file.close();
    throw new SourceError(
      name,
      `Cannot resume ${JSON.stringify(name)}: another process has changed ` +
        JSON.stringify(path),
    );
  }
  const newPath = partialPath(target, { locks: lock.state === "taken" });
  nodeFs().renameSync(path, newPath);
  return { path: newPath, file, lock, claimed: true };
}

/** Whether only its owner can access a file, and only under this name. */
export function isPrivate({ stat }: { readonly stat: Stats }): boolean {
  // Windows has no such modes.
  const { platform } = builtinModule("node:process", {
    what: "files",
    action: "inspect files",
  });
  return stat.nlink === 1 &&
    (platform === "win32" || (stat.mode & 0o077) === 0);
}

/**
 * Calls a function with the files left by processes that have ended. They are
 * locked during the call; one removed from the list stays locked.
 */
export function withLeftovers<T>(
  target: string,
  options: LeftoverOptions,
  body: (leftovers: Leftover[]) => T,
): T {
  const leftovers: Leftover[] = [];
  try {
    for (const partial of findPartials(target)) {
      const leftover = lookAt(partial, options);
      if (leftover !== undefined) leftovers.push(leftover);
    }
    return body(leftovers);
  } catch (error) {
    throw fileError("write", options.name, error);
  } finally {
    for (const { lock } of leftovers) lock.release();
  }
}

/**
 * Returns an unfinished file if it is this user's and its process has ended.
 *
 * @throws {SourceError} if the process is alive, or this is unknown
 */
function lookAt(
  partial: PartialName,
  { name, uid, own, tryLock }: LeftoverOptions,
): Leftover | undefined {
  const { path } = partial;
  const stat = nodeFs().lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return undefined;
  const identity = identityOf(stat);
  if (identity === own?.file.identity || stat.uid !== uid) return undefined;
  const lock = lockOf(path, { identity, tryLock });
  const state = stateOf(partial, lock);
  if (state === "dead") return { path, stat, lock };
  lock.release();
  if (identityAt(path) === undefined) return undefined; // It was finished now.
  const { pid } = partial;
  const who = state === "unknown"
    ? `process ${pid} of another container or host may be writing it; if it ` +
      "is not"
    : `${pid === undefined ? "a process" : `process ${pid}`} is writing it; ` +
      "if that process no longer exists";
  throw new SourceError(
    name,
    `Cannot write ${JSON.stringify(name)}: ${who}, remove ` +
      JSON.stringify(path),
  );
}

function lockOf(
  path: string,
  options: LockOptions,
): FileLock {
  try {
    return lockFile(path, options);
  } catch {
    return { state: "none", release() {} }; // It cannot be opened.
  }
}

/** Returns whether the process that writes an unfinished file is alive. */
function stateOf(
  { path, pid, identity, locks }: PartialName,
  { state }: FileLock,
): "alive" | "dead" | "unknown" {
  if (state === "busy") return "alive";
  if (pid === undefined) return "dead";
  const liveness = livenessOf(pid, identity);
  if (liveness === "alive" || liveness === "dead") return liveness;
  // A process that locks its files would still hold the lock of this one, if
  // both processes share the locks.
  const { dirname } = builtinModule("node:path", {
    what: path,
    action: "use paths",
  });
  const isUnlocked = locks && state === "taken" &&
    (liveness === "elsewhere" || isOnLocalFileSystem(dirname(path)));
  return isUnlocked ? "dead" : "unknown";
}
