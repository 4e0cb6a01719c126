import type { Command } from "./program/command.ts";
import { importLate } from "./program/import_late.ts";

const load = importLate(import.meta.url);

/** What is known of a command before it is loaded. */
interface CommandEntry {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Loads it: starting one command does not wait for the others. */
  readonly load: () => Promise<Command>;
}

/** The commands by name, in the order of the list. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  save: {
    summary: "flat memory images to a snapshot; without OUT a demonstration",
    load: async () =>
      (await load<typeof import("./save/save.ts")>("./save/save.ts")).save,
  },
  info: {
    summary: "machine, capabilities, RAMBlocks, device sections, sizes",
    load: async () =>
      (await load<typeof import("./info/info.ts")>("./info/info.ts")).info,
  },
  bitmaps: {
    summary: "dirty bitmaps of block devices, with their dirty ranges",
    load: async () =>
      (await load<typeof import("./bitmaps/bitmaps.ts")>(
        "./bitmaps/bitmaps.ts",
      )).bitmaps,
  },
  verify: {
    summary: "check a snapshot by every rule of SPEC.md",
    load: async () =>
      (await load<typeof import("./verify/verify.ts")>("./verify/verify.ts"))
        .verify,
  },
  read: {
    summary: "bytes of a RAMBlock, read lazily: hex, or raw by --out",
    load: async () =>
      (await load<typeof import("./read/read.ts")>("./read/read.ts")).read,
  },
  load: {
    summary: "every RAMBlock to a flat, sparse image",
    load: async () =>
      (await load<typeof import("./load/load.ts")>("./load/load.ts")).load,
  },
  convert: {
    summary: "between mapped-ram, sequential streams, images, ELF cores, LiME",
    load: async () =>
      (await load<typeof import("./convert/convert.ts")>(
        "./convert/convert.ts",
      )).convert,
  },
  receive: {
    summary: "the migration of a running QEMU to a mapped-ram file",
    load: async () =>
      (await load<typeof import("./receive/receive.ts")>(
        "./receive/receive.ts",
      )).receive,
  },
  resume: {
    summary:
      "runs the guest in QEMU at once, its pages read when it needs them",
    load: async () =>
      (await load<typeof import("./resume/resume.ts")>("./resume/resume.ts"))
        .resume,
  },
  "page-server": {
    summary: "serves the page faults of Firecracker's VMs",
    load: async () =>
      (await load<typeof import("./page_server/page_server.ts")>(
        "./page_server/page_server.ts",
      ))
        .pageServer,
  },
};
