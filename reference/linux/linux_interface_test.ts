import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { ERRNO } from "../system/mod.ts";
import {
  LINUX,
  NR_FSTAT,
  NR_IOCTL,
  NR_PIDFD_OPEN,
  NR_PIDFD_SEND_SIGNAL,
  NR_USERFAULTFD,
} from "./linux_constants.ts";
import {
  CMSGHDR,
  FIEMAP,
  FIEMAP_EXTENT,
  FILE_CLONE_RANGE,
  FSVERITY_DIGEST,
  FSXATTR,
  IOVEC,
  MSGHDR,
  POLLFD,
  SOCKADDR_UN,
  STAT,
  UCRED,
} from "./linux_structs.ts";
import type { StructLayout } from "./struct_layout.ts";
import { compilerTest, runC } from "./testing/compile_c.ts";
import {
  UFFD,
  UFFD_IOCTL_BITS,
  UFFD_MSG,
  UFFDIO_API,
  UFFDIO_COPY,
  UFFDIO_RANGE,
  UFFDIO_REGISTER,
  UFFDIO_ZEROPAGE,
} from "./userfaultfd_interface.ts";

const HEADERS = [
  ...["errno.h", "fcntl.h", "poll.h", "signal.h", "stddef.h", "stdio.h"],
  ...["sys/eventfd.h", "sys/ioctl.h", "sys/mman.h", "sys/resource.h"],
  ...[
    "sys/socket.h",
    "sys/stat.h",
    "sys/uio.h",
    "sys/un.h",
    "linux/fiemap.h",
    "linux/fs.h",
    "linux/fsverity.h",
    "linux/magic.h",
    "linux/userfaultfd.h",
  ],
];

const STRUCTS: Readonly<Record<string, StructLayout>> = {
  "struct pollfd": POLLFD,
  "struct iovec": IOVEC,
  "struct msghdr": MSGHDR,
  "struct cmsghdr": CMSGHDR,
  "struct sockaddr_un": SOCKADDR_UN,
  "struct stat": STAT,
  "struct ucred": UCRED,
  "struct file_clone_range": FILE_CLONE_RANGE,
  "struct fsxattr": FSXATTR,
  "struct fsverity_digest": FSVERITY_DIGEST,
  "struct fiemap": FIEMAP,
  "struct fiemap_extent": FIEMAP_EXTENT,
  "struct uffdio_api": UFFDIO_API,
  "struct uffdio_range": UFFDIO_RANGE,
  "struct uffdio_copy": UFFDIO_COPY,
  "struct uffd_msg": UFFD_MSG,
};

/** Structs that start with a `struct uffdio_range range`. */
const RANGED: Readonly<Record<string, StructLayout>> = {
  "struct uffdio_register": UFFDIO_REGISTER,
  "struct uffdio_zeropage": UFFDIO_ZEROPAGE,
};

/** Fields of structs within structs, by the names used here. */
const NESTED: Readonly<Record<string, string>> = {
  st_mtim_sec: "st_mtim.tv_sec",
  st_mtim_nsec: "st_mtim.tv_nsec",
};

function program(lines: readonly string[]): string {
  return [
    "#define _GNU_SOURCE",
    ...HEADERS.map((it) => `#include <${it}>`),
    "int main(void) {",
    ...lines,
    "return 0; }",
  ].join("\n");
}

/** Checks values against what a C program prints for the expressions. */
function compare(compiler: string, ours: ReadonlyMap<string, number>): void {
  const lines = [...ours.keys()].map((it) =>
    `printf("%s\\t%llu\\n", ${JSON.stringify(it)}, ` +
    `(unsigned long long)(${it}));`
  );
  const printed = runC(compiler, program(lines)).trim().split("\n");
  const found = printed.map((line) => {
    const [name = "", value] = line.split("\t");
    return [name, Number(value)] as const;
  });
  assert.deepEqual(Object.fromEntries(found), Object.fromEntries(ours));
}

compilerTest("the constants match the C headers", (compiler) => {
  const ours = new Map<string, number>([
    ...Object.entries(ERRNO),
    ...Object.entries(LINUX),
    ...Object.entries(UFFD),
    ...Object.entries(UFFD_IOCTL_BITS).map(([name, bit]) =>
      [`_UFFDIO_${name}`, bit] as const
    ),
  ]);
  compare(compiler, ours);
});

compilerTest("the structs match the C headers", (compiler) => {
  const ours = new Map<string, number>();
  const all = [...Object.entries(STRUCTS), ...Object.entries(RANGED)];
  for (const [type, layout] of all) {
    const isLonger = layout === STAT && process.arch === "arm64";
    if (!isLonger) ours.set(`sizeof(${type})`, layout.size);
    for (
      const [name, { offset, type: width }] of Object.entries(layout.fields)
    ) {
      const inRange = type in RANGED && (name === "start" || name === "len");
      const field = inRange ? `range.${name}` : NESTED[name] ?? name;
      ours.set(`offsetof(${type}, ${field})`, offset);
      const bytes = Number(width.slice(1)) / 8;
      ours.set(`sizeof(((${type} *)0)->${field})`, bytes);
    }
  }
  compare(compiler, ours);
});

compilerTest("the system call numbers match the C headers", (compiler) => {
  const source = [
    "#include <asm/unistd.h>",
    "native __NR_userfaultfd __NR_ioctl __NR_fstat __NR_pidfd_open __NR_pidfd_send_signal",
    "#undef __NR_userfaultfd",
    "#undef __NR_ioctl",
    "#undef __NR_fstat",
    "#undef __NR_pidfd_open",
    "#undef __NR_pidfd_send_signal",
    "#define __ARCH_WANT_NEW_STAT", // As aarch64 does.
    "#include <asm-generic/unistd.h>",
    "generic __NR_userfaultfd __NR_ioctl __NR_fstat __NR_pidfd_open __NR_pidfd_send_signal",
  ].join("\n");
  const text = execFileSync(compiler, ["-E", "-P", "-x", "c", "-"], {
    input: source,
    encoding: "utf8",
  });
  const numbers = (name: string) =>
    new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1];
  const expected = (arch: "x64" | "arm64") =>
    `${NR_USERFAULTFD[arch]} ${NR_IOCTL[arch]} ${
      NR_FSTAT[arch]
    } ${NR_PIDFD_OPEN} ` +
    `${NR_PIDFD_SEND_SIGNAL}`;
  // aarch64 takes its numbers from the generic table.
  assert.equal(numbers("generic"), expected("arm64"));
  const native = numbers("native");
  assert.ok(native === expected("x64") || native === expected("arm64"), text);
});
