/** Error numbers of Linux used here, the same on x86-64 and aarch64. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  EINVAL: 22,
  ENOTTY: 25,
  EPIPE: 32,
  ENOSYS: 38,
  ENODATA: 61,
  EOVERFLOW: 75,
  EPROTOTYPE: 91,
  EADDRINUSE: 98,
  ECONNRESET: 104,
  ECONNREFUSED: 111,
  ENOSPC: 28,
  ENFILE: 23,
  EMFILE: 24,
  ENOTSOCK: 88,
  EOPNOTSUPP: 95,
  ENOPROTOOPT: 92,
  ENOBUFS: 105,
} as const;

/** The name of an error of Linux, such as `EEXIST`. */
export type ErrnoName = keyof typeof ERRNO;

const NAMES = new Map<number, ErrnoName>(
  Object.entries(ERRNO).map(([name, value]) => [value, name as ErrnoName]),
);

/** Returns the name of an error; `errno 71` for one not in the table. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}
