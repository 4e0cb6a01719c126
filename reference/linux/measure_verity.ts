import { statfsSync } from "node:fs";
import { hexText } from "../../format/bytes/mod.ts";
import { ERRNO, linuxIfAny, SystemCallError } from "../system/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { FSVERITY_DIGEST } from "./linux_structs.ts";
import { readField, writeField } from "./struct_layout.ts";

/** Names of the hash algorithms, as `fsverity measure` prints them. */
const ALGORITHMS: Readonly<Record<number, string>> = {
  [LINUX.FS_VERITY_HASH_ALG_SHA256]: "sha256",
  [LINUX.FS_VERITY_HASH_ALG_SHA512]: "sha512",
};

/** Bytes of the longest digest, SHA-512. */
const DIGEST_MAX = 64;

/** Errors of files whose data the kernel does not verify. */
const UNVERIFIED: readonly number[] = [
  ERRNO.ENODATA, // fs-verity is not enabled for the file
  ERRNO.ENOTTY, // the file system does not have it
  ERRNO.EOPNOTSUPP, // it is not compiled in, or off in the file system
  ERRNO.EOVERFLOW, // an algorithm with longer digests
];

/**
 * Returns the fs-verity digest of an open file, such as `sha256:` and 64
 * hexadecimal digits, if the kernel verifies all data that is read from the
 * file or mapped from it; otherwise undefined.
 *
 * A file system in user space may answer whatever it likes, so its files have
 * no digest.
 *
 * @throws {SystemCallError} if the descriptor is not that of a file
 *
 * @example
 * ```ts
 * import { closeSync, openSync } from "node:fs";
 * import { measureVerity } from "../doors/linux.ts";
 *
 * function isEnforced(path: string, digest: string): boolean {
 *   const fd = openSync(path, "r");
 *   try {
 *     return measureVerity(fd) === digest;
 *   } finally {
 *     closeSync(fd);
 *   }
 * }
 * ```
 */
export function measureVerity(fd: number): string | undefined {
  const linux = linuxIfAny();
  if (linux === undefined) return undefined;
  const bytes = new Uint8Array(FSVERITY_DIGEST.size + DIGEST_MAX);
  const view = new DataView(bytes.buffer);
  const { digest_algorithm, digest_size } = FSVERITY_DIGEST.fields;
  writeField(view, digest_size, { value: DIGEST_MAX });
  if (linux.call.ioctl(fd, LINUX.FS_IOC_MEASURE_VERITY, bytes) < 0) {
    const errno = linux.errno();
    if (UNVERIFIED.includes(errno)) return undefined;
    throw new SystemCallError("read the fs-verity digest", { errno });
  }
  const algorithm = ALGORITHMS[readField(view, digest_algorithm)];
  if (algorithm === undefined || isInUserSpace(fd)) return undefined;
  const start = FSVERITY_DIGEST.size;
  const digest = bytes.subarray(start, start + readField(view, digest_size));
  return `${algorithm}:${hexText(digest)}`;
}

/** Whether a file is on a file system in user space, or that is unknown. */
function isInUserSpace(fd: number): boolean {
  try {
    const { type } = statfsSync(`/proc/self/fd/${fd}`);
    return type === LINUX.FUSE_SUPER_MAGIC;
  } catch {
    return true;
  }
}
