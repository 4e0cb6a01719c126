import { statfsSync } from "node:fs";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { ERRNO, type Linux, linux, SystemCallError } from "../system/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { FILE_CLONE_RANGE, FSXATTR } from "./linux_structs.ts";
import { readField, writeField } from "./struct_layout.ts";

/** What is wrong, and what to do, by the error of a clone. */
const HINTS = new Map<number, string>([
  [ERRNO.EXDEV, "they are on different file systems, expected the same"],
  ...[ERRNO.EOPNOTSUPP, ERRNO.ENOTTY, ERRNO.EINVAL].map((errno) =>
    [
      errno,
      "their file system cannot share blocks between these files, expected " +
      "one with reflinks, such as XFS or Btrfs",
    ] as const
  ),
]);

/** An open file. */
interface OpenFile {
  readonly fd: number;
  /** Its name in errors. */
  readonly name: string;
}

/**
 * Makes an empty file that is open for writing a clone of another one: they
 * share all blocks until one is written to (a reflink). Such a write copies only
 * the blocks that it touches.
 *
 * @throws {SystemCallError} if the file system does not support it
 * @throws {SourceError} if the C library cannot be called
 */
export function cloneFile(from: OpenFile, to: OpenFile): void {
  // A length of 0 means all bytes, and what the clone has from 0 on.
  cloneRange(from, to, { offset: 0, length: 0 });
  copyBlockByBlock(linux(), to.fd);
}

/**
 * Makes a file share the blocks of a range of another one, at the same offset.
 *
 * @throws {SystemCallError} if the file system does not support it
 * @throws {SourceError} if the C library cannot be called
 */
export function cloneRange(
  from: OpenFile,
  to: OpenFile,
  { offset, length }: ByteRange,
): void {
  const calls = linux();
  const bytes = new Uint8Array(FILE_CLONE_RANGE.size);
  const view = new DataView(bytes.buffer);
  const { src_fd, src_offset, src_length, dest_offset } =
    FILE_CLONE_RANGE.fields;
  writeField(view, src_fd, { value: from.fd });
  writeField(view, src_offset, { value: offset });
  writeField(view, src_length, { value: length });
  writeField(view, dest_offset, { value: offset });
  if (calls.call.ioctl(to.fd, LINUX.FICLONERANGE, bytes) < 0) {
    const errno = calls.errno();
    const [name, other] = [from, to].map((it) => JSON.stringify(it.name));
    const action = `clone ${name} to ${other}`;
    throw new SystemCallError(action, { errno, hint: HINTS.get(errno) });
  }
}

/**
 * Makes XFS allocate a single block where one is copied. It would reserve
 * 128 KiB around each, and keep these for minutes. Other file systems do not
 * have this attribute, and do not need it.
 */
function copyBlockByBlock({ call }: Linux, fd: number): void {
  const bytes = new Uint8Array(FSXATTR.size);
  if (call.ioctl(fd, LINUX.FS_IOC_FSGETXATTR, bytes) < 0) return;
  const view = new DataView(bytes.buffer);
  const { fsx_xflags, fsx_cowextsize } = FSXATTR.fields;
  const flags = readField(view, fsx_xflags) | LINUX.FS_XFLAG_COWEXTSIZE;
  const { bsize } = statfsSync(`/proc/self/fd/${fd}`);
  writeField(view, fsx_xflags, { value: flags });
  writeField(view, fsx_cowextsize, { value: bsize });
  call.ioctl(fd, LINUX.FS_IOC_FSSETXATTR, bytes);
}
