import type { StructLayout } from "./struct_layout.ts";

/** Constants of `linux/userfaultfd.h`, by their names there. */
export const UFFD = {
  UFFD_API: 0xaa,
  USERFAULTFD_IOC_NEW: 0xaa00,
  UFFDIO_API: 0xc018aa3f,
  UFFDIO_REGISTER: 0xc020aa00,
  UFFDIO_UNREGISTER: 0x8010aa01,
  UFFDIO_WAKE: 0x8010aa02,
  UFFDIO_COPY: 0xc028aa03,
  UFFDIO_ZEROPAGE: 0xc020aa04,
  UFFDIO_REGISTER_MODE_MISSING: 1,
  UFFD_EVENT_PAGEFAULT: 0x12,
  UFFD_EVENT_FORK: 0x13,
  UFFD_EVENT_REMAP: 0x14,
  UFFD_EVENT_REMOVE: 0x15,
  UFFD_EVENT_UNMAP: 0x16,
  UFFD_FEATURE_EVENT_REMAP: 1 << 2,
  UFFD_FEATURE_EVENT_REMOVE: 1 << 3,
  UFFD_FEATURE_EVENT_UNMAP: 1 << 6,
} as const;

/** Bit numbers in `uffdio_register.ioctls`. */
export const UFFD_IOCTL_BITS = { WAKE: 2, COPY: 3, ZEROPAGE: 4 } as const;

/** Requests features; the kernel fills in those available. */
export const UFFDIO_API = {
  size: 24,
  fields: {
    api: { offset: 0, type: "u64" },
    features: { offset: 8, type: "u64" },
    ioctls: { offset: 16, type: "u64" },
  },
} as const satisfies StructLayout;

/** A range of addresses. */
export const UFFDIO_RANGE = {
  size: 16,
  fields: {
    start: { offset: 0, type: "u64" },
    len: { offset: 8, type: "u64" },
  },
} as const satisfies StructLayout;

/** Registers a range; the kernel fills in the supported ioctls. */
export const UFFDIO_REGISTER = {
  size: 32,
  fields: {
    ...UFFDIO_RANGE.fields,
    mode: { offset: 16, type: "u64" },
    ioctls: { offset: 24, type: "u64" },
  },
} as const satisfies StructLayout;

/** Puts bytes in place; `copy` returns how many, or a negative errno. */
export const UFFDIO_COPY = {
  size: 40,
  fields: {
    dst: { offset: 0, type: "u64" },
    src: { offset: 8, type: "u64" },
    len: { offset: 16, type: "u64" },
    mode: { offset: 24, type: "u64" },
    copy: { offset: 32, type: "i64" },
  },
} as const satisfies StructLayout;

/**
 * Puts zeros in place; `zeropage` returns what `copy` does in `UFFDIO_COPY`.
 */
export const UFFDIO_ZEROPAGE = {
  size: 32,
  fields: {
    ...UFFDIO_RANGE.fields,
    mode: { offset: 16, type: "u64" },
    zeropage: { offset: 24, type: "i64" },
  },
} as const satisfies StructLayout;

/** An event read from a userfaultfd, with the arguments of all kinds. */
export const UFFD_MSG = {
  size: 32,
  fields: {
    event: { offset: 0, type: "u8" },
    "arg.pagefault.flags": { offset: 8, type: "u64" },
    "arg.pagefault.address": { offset: 16, type: "u64" },
    "arg.fork.ufd": { offset: 8, type: "u32" },
    "arg.remap.from": { offset: 8, type: "u64" },
    "arg.remap.to": { offset: 16, type: "u64" },
    "arg.remap.len": { offset: 24, type: "u64" },
    "arg.remove.start": { offset: 8, type: "u64" },
    "arg.remove.end": { offset: 16, type: "u64" },
  },
} as const satisfies StructLayout;
