import { ERRNO } from "./errno.ts";
import { linuxIfAny } from "./system_calls.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Locks an open file with `flock` unless another process holds the lock.
 * Returns whether it is locked; undefined if the file system or the platform
 * has no locks. Closing the descriptor releases the lock.
 *
 * @example
 * ```ts
 * import { createFileSink } from "../../mod.ts";
 * import { tryLock } from "../doors/linux.ts";
 *
 * const path = `${await Deno.makeTempDir()}/new`;
 * const sink = createFileSink(path, { tryLock });
 * await sink.commit();
 * ```
 */
export function tryLock(fd: number): boolean | undefined {
  const linux = linuxIfAny();
  if (linux === undefined) return undefined;
  if (linux.call.flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  return linux.errno() === ERRNO.EAGAIN ? false : undefined;
}
