/** Constants of Linux common to x86-64 and aarch64, by their C names. */
export const LINUX = {
  PROT_NONE: 0,
  PROT_READ: 1,
  PROT_WRITE: 2,
  MAP_SHARED: 0x01,
  MAP_PRIVATE: 0x02,
  MAP_ANONYMOUS: 0x20,
  MAP_NORESERVE: 0x4000,
  MAP_HUGETLB: 0x40000,
  MAP_HUGE_SHIFT: 26,
  MADV_DONTNEED: 4,
  MADV_POPULATE_READ: 22,
  MREMAP_MAYMOVE: 1,
  O_RDWR: 2,
  O_NONBLOCK: 0o4000,
  O_CLOEXEC: 0o2000000,
  EFD_CLOEXEC: 0o2000000,
  EFD_NONBLOCK: 0o4000,
  POLLIN: 0x1,
  AF_UNIX: 1,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_CLOEXEC: 0o2000000,
  SOCK_NONBLOCK: 0o4000,
  SOL_SOCKET: 1,
  SO_PEERCRED: 17,
  SCM_RIGHTS: 1,
  MSG_CTRUNC: 0x8,
  MSG_DONTWAIT: 0x40,
  MSG_CMSG_CLOEXEC: 0x40000000,
  SIGKILL: 9,
  F_GETFL: 3,
  F_SETFL: 4,
  RWF_NOWAIT: 8,
  RLIMIT_NOFILE: 7,
  FICLONERANGE: 0x4020940d,
  FS_IOC_FSGETXATTR: 0x801c581f,
  FS_IOC_FSSETXATTR: 0x401c5820,
  FS_XFLAG_COWEXTSIZE: 0x10000,
  FS_IOC_MEASURE_VERITY: 0xc0046686,
  FS_VERITY_HASH_ALG_SHA256: 1,
  FS_VERITY_HASH_ALG_SHA512: 2,
  FS_IOC_FIEMAP: 0xc020660b,
  FIEMAP_FLAG_SYNC: 0x1,
  FIEMAP_EXTENT_LAST: 0x1,
  FIEMAP_EXTENT_MERGED: 0x1000,
  FIEMAP_EXTENT_SHARED: 0x2000,
  FUSE_SUPER_MAGIC: 0x65735546,
  XFS_SUPER_MAGIC: 0x58465342,
  BTRFS_SUPER_MAGIC: 0x9123683e,
} as const;

/**
 * Number of the system call `userfaultfd`, which the C library does not wrap.
 */
export const NR_USERFAULTFD = { x64: 323, arm64: 282 } as const;

/** Number of the system call `ioctl`, for calls with a numeric argument. */
export const NR_IOCTL = { x64: 16, arm64: 29 } as const;

/** Number of the system call `fstat`, which older C libraries do not export. */
export const NR_FSTAT = { x64: 5, arm64: 80 } as const;

/** Number of the system call `pidfd_open`, the same on all architectures. */
export const NR_PIDFD_OPEN = 434;

/** Number of the system call `pidfd_send_signal`, likewise. */
export const NR_PIDFD_SEND_SIGNAL = 424;

/** Socket option since Linux 6.5; older headers lack it. */
export const SO_PEERPIDFD = 77;
