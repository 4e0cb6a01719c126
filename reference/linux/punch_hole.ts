import { SourceError } from "../mod.ts";
import { openLibc } from "./libc.ts";

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/** Whether holes can be punched here at all. */
export function canPunchHoles(): boolean {
  return openLibc() !== undefined;
}

/**
 * Gives the bytes of a part of an open file back to the file system: they are
 * then a hole, and read as zeros.
 *
 * @throws {SourceError} if the file system or the platform cannot do that
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
  const libc = openLibc();
  if (libc?.fallocate(fd, mode, offset, length) === 0) return;
  const reason = libc === undefined
    ? "this runtime may not call the C library"
    : "its file system has no holes, or there is an error";
  throw new SourceError(
    name,
    `Cannot punch a hole into ${JSON.stringify(name)}: ${reason}`,
    { range: { offset, length } },
  );
}
