import { builtinModule, nodeFs } from "./builtin_module.ts";
import { identityOf } from "./file_names.ts";
import { LocalFile } from "./local_file.ts";

/**
 * Locks an open file (`flock` of Linux) unless another process has the lock,
 * for Node and Bun, which have no such call. Returns whether it is locked;
 * undefined if locks are not supported. Closing the descriptor releases the
 * lock.
 */
export type TryLock = (fd: number) => boolean | undefined;

/** A lock of a file, or the reason why there is none. */
export interface FileLock {
  /**
   * Whether it is locked here, locked by another process, or cannot be locked.
   */
  readonly state: "taken" | "busy" | "none";
  /** Releases the lock; a second call does nothing. */
  release(): void;
}

/** The used part of `Deno.FsFile`. */
interface DenoFile {
  tryLockSync(exclusive: boolean): boolean;
  statSync(): { readonly dev: number; readonly ino: number | null };
  close(): void;
}

const NONE: FileLock = { state: "none", release() {} };

/** Which file to lock, and how. */
export interface LockOptions {
  /** Device and inode of the expected file. */
  readonly identity: string;
  readonly tryLock?: TryLock | undefined;
}

/**
 * Locks a whole file, so that processes detect each other even if they cannot
 * see each other's pid. The kernel releases the lock when the process ends,
 * however it ends.
 *
 * @throws if the file cannot be opened
 */
export function lockFile(
  path: string,
  options: LockOptions,
): FileLock {
  const { identity, tryLock } = options;
  if (isWindows()) return NONE;
  const deno = (globalThis as {
    readonly Deno?: {
      openSync(path: string, options: { read: true; write: true }): DenoFile;
    };
  }).Deno;
  if (deno !== undefined) {
    const file = deno.openSync(path, { read: true, write: true });
    return lockWith(file, {
      identity: identityOf(file.statSync()),
      expected: identity,
      tryLock: () => file.tryLockSync(true),
    });
  }
  if (tryLock === undefined) return NONE;
  const { O_RDWR, O_NOFOLLOW } = nodeFs().constants;
  const file = new LocalFile(path, O_RDWR | O_NOFOLLOW);
  return lockWith(file, {
    identity: file.identity,
    expected: identity,
    tryLock: () => file.use(tryLock),
  });
}

/** Whether this runtime can lock files, on file systems with locks. */
export function hasLocks(tryLock: TryLock | undefined): boolean {
  return !isWindows() && ("Deno" in globalThis || tryLock !== undefined);
}

/**
 * Whether this is Windows, where a lock of a file would also refuse writes
 * through its other descriptors.
 */
function isWindows(): boolean {
  const use = { what: "files", action: "lock files" };
  return builtinModule("node:process", use).platform === "win32";
}

function lockWith(
  file: { close(): void },
  { identity, expected, tryLock }: {
    readonly identity: string;
    readonly expected: string;
    readonly tryLock: () => boolean | undefined;
  },
): FileLock {
  let taken: boolean | undefined;
  try {
    if (identity === expected) taken = tryLock();
  } catch {
    // The file system has no locks.
  }
  if (taken) return new TakenLock(file);
  file.close();
  return taken === undefined ? NONE : { state: "busy", release() {} };
}

class TakenLock implements FileLock {
  readonly state = "taken";
  #file: { close(): void } | undefined;

  constructor(file: { close(): void }) {
    this.#file = file;
  }

  release(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/**
 * Magic numbers (`statfs(2)`) of file systems of a single host: the kernel
 * knows the locks of all processes that can reach their files.
 */
const LOCAL = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x2fc12fc1, // ZFS
  0xf2f52010, // F2FS
  0xca451a4e, // bcachefs
  0x794c7630, // overlayfs
  0x4d44, // FAT
  0x2011bab0, // exFAT
]);

/** Whether a folder is on a file system that no other host writes to. */
export function isOnLocalFileSystem(folder: string): boolean {
  try {
    return LOCAL.has(nodeFs().statfsSync(folder).type);
  } catch {
    return false;
  }
}
