import { SourceError } from "../sources/mod.ts";
import { linuxIfAny } from "./system_calls.ts";

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/** Whether holes can be punched here at all. */
export function canPunchHoles(): boolean {
  return linuxIfAny() !== undefined;
}

/**
 * Gives the bytes of a part of an open file back to the file system: they are
 * then a hole, and read as zeros.
 *
 * @throws {SourceError} if the file system or the platform cannot do that
 *
 * @example
 * ```ts
 * import { openFileStore, rewriteSnapshot } from "../../mod.ts";
 * import { punchHole } from "./mod.ts";
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
  const call = linuxIfAny()?.call;
  if (call?.fallocate(fd, mode, offset, length) === 0) return;
  const reason = call === undefined
    ? "this runtime may not call the C library"
    : "its file system has no holes, or there is an error";
  throw new SourceError(
    name,
    `Cannot punch a hole into ${JSON.stringify(name)}: ${reason}`,
    { range: { offset, length } },
  );
}
