import { builtinModule } from "./builtin_module.ts";
import { LocalFile } from "./local_file.ts";
import { nodeFs } from "./node_fs.ts";

/**
 * Takes the lock of an open file (`flock` of Linux) unless another has it, which
 * neither Node nor Bun does by itself. Returns whether it is taken; undefined
 * where there are no locks. It is given back when the descriptor is closed.
 */
export type TryLock = (fd: number) => boolean | undefined;

/** A lock of a file, or why there is none. */
export interface FileLock {
  /** Whether it is taken, another has it, or the file cannot be locked. */
  readonly state: "taken" | "busy" | "none";
  /** Gives it back; a second call does nothing. */
  release(): void;
}

/** What is used of a `Deno.FsFile`. */
interface DenoFile {
  tryLockSync(exclusive: boolean): boolean;
  statSync(): { readonly dev: number; readonly ino: number | null };
  close(): void;
}

const NONE: FileLock = { state: "none", release() {} };

/**
 * Locks a file as a whole, so that processes see each other that cannot see each
 * other's numbers. The kernel gives the lock back when the process ends, however
 * it ends.
 *
 * @throws if the file cannot be opened
 */
export function lockFile(
  path: string,
  options: {
    /** Device and inode of the file that is meant. */
    readonly identity: string;
    readonly tryLock?: TryLock | undefined;
  },
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

/** Whether files may be locked here, as far as that does not depend on them. */
export function hasLocks(tryLock: TryLock | undefined): boolean {
  return !isWindows() && ("Deno" in globalThis || tryLock !== undefined);
}

/** There, nobody could write to a locked file through another descriptor. */
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
    // A file system without locks.
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

function identityOf(
  { dev, ino }: { readonly dev: number; readonly ino: number | null },
): string {
  return `${dev}:${ino}`;
}
