import type { StructLayout } from "./struct_layout.ts";

// Layouts on x86-64 and aarch64; glibc and musl agree on little-endian
// machines.

/** A descriptor to poll with `poll(2)`. */
export const POLLFD = {
  size: 8,
  fields: {
    fd: { offset: 0, type: "i32" },
    events: { offset: 4, type: "u16" },
    revents: { offset: 6, type: "u16" },
  },
} as const satisfies StructLayout;

/** A piece of memory for `recvmsg(2)`. */
export const IOVEC = {
  size: 16,
  fields: {
    iov_base: { offset: 0, type: "u64" },
    iov_len: { offset: 8, type: "u64" },
  },
} as const satisfies StructLayout;

/** The argument of `recvmsg(2)`, which also receives its results. */
export const MSGHDR = {
  size: 56,
  fields: {
    msg_name: { offset: 0, type: "u64" },
    msg_namelen: { offset: 8, type: "u32" },
    msg_iov: { offset: 16, type: "u64" },
    msg_iovlen: { offset: 24, type: "u64" },
    msg_control: { offset: 32, type: "u64" },
    msg_controllen: { offset: 40, type: "u64" },
    msg_flags: { offset: 48, type: "i32" },
  },
} as const satisfies StructLayout;

/** The head of a control message; its data follows. */
export const CMSGHDR = {
  size: 16,
  fields: {
    cmsg_len: { offset: 0, type: "u64" },
    cmsg_level: { offset: 8, type: "i32" },
    cmsg_type: { offset: 12, type: "i32" },
  },
} as const satisfies StructLayout;

/**
 * What `fstat(2)` returns on x86-64; on aarch64 the struct has 128 bytes, with
 * these fields at the same offsets.
 */
export const STAT = {
  size: 144,
  fields: {
    st_size: { offset: 48, type: "i64" },
    st_mtim_sec: { offset: 88, type: "i64" },
    st_mtim_nsec: { offset: 96, type: "i64" },
  },
} as const satisfies StructLayout;

/** The range of a file that is cloned into another one. */
export const FILE_CLONE_RANGE = {
  size: 32,
  fields: {
    src_fd: { offset: 0, type: "i64" },
    src_offset: { offset: 8, type: "u64" },
    src_length: { offset: 16, type: "u64" },
    dest_offset: { offset: 24, type: "u64" },
  },
} as const satisfies StructLayout;

/** Attributes of a file that some file systems have. */
export const FSXATTR = {
  size: 28,
  fields: {
    fsx_xflags: { offset: 0, type: "u32" },
    fsx_cowextsize: { offset: 16, type: "u32" },
  },
} as const satisfies StructLayout;

/** An fs-verity digest; its bytes follow. */
export const FSVERITY_DIGEST = {
  size: 4,
  fields: {
    digest_algorithm: { offset: 0, type: "u16" },
    digest_size: { offset: 2, type: "u16" },
  },
} as const satisfies StructLayout;

/** A request for the extents of a file; their descriptions follow. */
export const FIEMAP = {
  size: 32,
  fields: {
    fm_start: { offset: 0, type: "u64" },
    fm_length: { offset: 8, type: "u64" },
    fm_flags: { offset: 16, type: "u32" },
    fm_mapped_extents: { offset: 20, type: "u32" },
    fm_extent_count: { offset: 24, type: "u32" },
  },
} as const satisfies StructLayout;

/** An extent of a file. */
export const FIEMAP_EXTENT = {
  size: 56,
  fields: {
    fe_logical: { offset: 0, type: "u64" },
    fe_physical: { offset: 8, type: "u64" },
    fe_length: { offset: 16, type: "u64" },
    fe_flags: { offset: 40, type: "u32" },
  },
} as const satisfies StructLayout;

/** The address of a Unix socket; the path follows the family. */
export const SOCKADDR_UN = {
  size: 110,
  fields: { sun_family: { offset: 0, type: "u16" } },
} as const satisfies StructLayout;

/** The credentials of the peer of a Unix socket. */
export const UCRED = {
  size: 12,
  fields: {
    pid: { offset: 0, type: "i32" },
    uid: { offset: 4, type: "u32" },
    gid: { offset: 8, type: "u32" },
  },
} as const satisfies StructLayout;
