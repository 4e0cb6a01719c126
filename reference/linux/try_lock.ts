import { ERRNO } from "./errno.ts";
import { linuxIfAny } from "./system_calls.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes the lock of an open file, `flock`, unless another process has it. Returns
 * whether it is taken; undefined where the file system or the platform has no
 * locks. The lock is given back when the descriptor is closed.
 *
 * @example
 * ```ts
 * import { createFileSink } from "../../mod.ts";
 * import { tryLock } from "./mod.ts";
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
