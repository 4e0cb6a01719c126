import { SourceError } from "../sources/mod.ts";
import { ERRNO, errnoName } from "./errno.ts";
import { SystemCallError } from "./system_call_error.ts";
import { linuxIfAny } from "./system_calls.ts";

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

const REASONS = new Map<number, string>([
  [ERRNO.EOPNOTSUPP, "its file system does not support holes"],
  [ERRNO.ENOSPC, "no space left on device"],
]);

/** Whether the runtime can punch holes into files. */
export function canPunchHoles(): boolean {
  return linuxIfAny() !== undefined;
}

/**
 * Punches a hole into an open file: frees the disk space of a range, which then
 * reads as zeros.
 *
 * @throws {SourceError} if the file system or the platform does not support it
 *
 * @example
 * ```ts
 * import { openFileStore, rewriteSnapshot } from "../../mod.ts";
 * import { punchHole } from "../doors/linux.ts";
 *
 * async function clear(path: string, page: number): Promise<void> {
 *   using store = openFileStore(path, { punchHole });
 *   const rewriter = await rewriteSnapshot(store);
 *   const block = rewriter.block("pc.ram");
 *   await block.writePage(page, new Uint8Array(block.pageSize));
 *   await rewriter.finish({ punchHoles: true });
 * }
 * ```
 */
export function punchHole(
  fd: number,
  range: {
    readonly name: string;
    readonly offset: number;
    readonly length: number;
  },
): void {
  const { name, offset, length } = range;
  const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  const linux = linuxIfAny();
  if (linux?.call.fallocate(fd, mode, offset, length) === 0) return;
  const errno = linux?.errno();
  const reason = errno === undefined
    ? "this runtime cannot call the C library"
    : REASONS.get(errno) ?? errnoName(errno);
  const cause = errno === undefined
    ? {}
    : { cause: new SystemCallError("punch a hole", { errno }) };
  throw new SourceError(
    name,
    `Cannot punch a hole into ${JSON.stringify(name)}: ${reason}`,
    { range: { offset, length }, ...cause },
  );
}
