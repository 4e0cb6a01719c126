import type { CommandEntry } from "./program/command.ts";

/** The commands by name, in the order of the list. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  save: {
    summary: "flat memory images to a snapshot; without OUT, a demonstration",
    load: async () => (await import("./save/save.ts")).save,
  },
  info: {
    summary: "machine, capabilities, RAMBlocks, device sections, sizes",
    load: async () => (await import("./info/info.ts")).info,
  },
  bitmaps: {
    summary: "dirty bitmaps of block devices, with their dirty ranges",
    load: async () => (await import("./bitmaps/bitmaps.ts")).bitmaps,
  },
  verify: {
    summary: "checks a snapshot against every rule of SPEC.md",
    load: async () => (await import("./verify/verify.ts")).verify,
  },
  diff: {
    summary: "what differs between two snapshots: pages, fields of devices",
    load: async () => (await import("./diff/diff.ts")).diff,
  },
  seal: {
    summary: "the fs-verity digest of a file, and the hashes that it covers",
    load: async () => (await import("./seal/seal.ts")).seal,
  },
  read: {
    summary: "bytes of a RAMBlock, read lazily: hex, or raw by --out",
    load: async () => (await import("./read/read.ts")).read,
  },
  load: {
    summary: "every RAMBlock to a flat, sparse image",
    load: async () => (await import("./load/load.ts")).load,
  },
  convert: {
    summary: "between mapped-ram, qcow2, streams, images, ELF cores, LiME",
    load: async () => (await import("./convert/convert.ts")).convert,
  },
  checkpoint: {
    summary: "a snapshot that shares with an earlier one what is the same",
    load: async () => (await import("./checkpoint/checkpoint.ts")).checkpoint,
  },
  receive: {
    summary: "the migration of a running QEMU to a mapped-ram file",
    load: async () => (await import("./receive/receive.ts")).receive,
  },
  resume: {
    summary: "runs the guest in QEMU at once; pages are read on demand",
    load: async () => (await import("./resume/resume.ts")).resume,
  },
  "page-server": {
    summary: "serves the page faults of Firecracker's VMs",
    load: async () => (await import("./page_server/page_server.ts")).pageServer,
  },
  completion: {
    summary: "prints a script with which bash, zsh or fish completes words",
    load: async () =>
      (await import("./completion/completion.ts")).completion(COMMANDS),
  },
};
