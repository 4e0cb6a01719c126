import { formatOptionValue, hasOption } from "../qemu/mod.ts";
import type { GuestMemory, MemoryObject } from "./guest_memory.ts";
import { MappedResumeError } from "./mapped_resume_error.ts";

/** A RAMBlock that QEMU maps directly from the snapshot. */
export interface MappedBlock {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** The id of its memory backend. */
  readonly id: string;
  /** Bytes of RAM. */
  readonly size: number;
  /** Where the block starts in the file. */
  readonly offset: number;
}

/** Which blocks are mapped from which file. */
export interface MappedFile {
  /** Absolute path of the file. */
  readonly path: string;
  /** The path by which QEMU opens it. */
  readonly memPath: string;
  /** The blocks, in the order of the memory. */
  readonly blocks: readonly MappedBlock[];
}

/** Properties of a memory backend that mapped memory supports too. */
const KEPT = ["dump", "merge"];
/** Properties that it does not support, with their harmless values. */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  "share": /^(off|no|false|n)$/,
  "prealloc": /^(off|no|false|n)$/,
  "hugetlb": /^(off|no|false|n)$/,
  "pmem": /^(off|no|false|n)$/,
  "policy": /^default$/,
  "host-nodes": /^$/,
};

/**
 * Returns QEMU's arguments with each block's memory mapped from the file: its
 * memory backend is replaced, or one is added. A second `-machine` adds to the
 * first.
 *
 * @throws {MappedResumeError} if the arguments require another kind of memory
 */
export function mapMemory(
  args: readonly string[],
  memory: readonly GuestMemory[],
  file: MappedFile,
): string[] {
  checkArguments(args, file.path);
  const mapped = [...args];
  for (const [at, { object, id, isNew }] of memory.entries()) {
    const block = file.blocks[at];
    if (block === undefined) continue;
    const value = mappedObject(block, file, object);
    if (object === undefined) mapped.push("-object", value);
    else mapped[object.index] = value;
    if (isNew) mapped.push("-machine", `memory-backend=${id}`);
  }
  return mapped;
}

function mappedObject(
  block: MappedBlock,
  { path, memPath }: MappedFile,
  object: MemoryObject | undefined,
): string {
  const given = object?.properties ?? new Map<string, string>();
  for (const [key, harmless] of Object.entries(HARMLESS)) {
    const value = given.get(key);
    if (value === undefined || harmless.test(value)) continue;
    throw new MappedResumeError(path, {
      reason: "arguments",
      text:
        `the memory backend ${block.id} has ${key}=${value}, which memory ` +
        "mapped privately from a file does not support; leave it out, " +
        "or resume by postcopy",
    });
  }
  const isName = block.idstr === block.id;
  return formatOptionValue("memory-backend-file", [
    ["id", block.id],
    ["size", String(block.size)],
    ["mem-path", memPath],
    ["offset", String(block.offset)],
    ["share", "off"],
    // Opened for reading only; the guest's writes stay in memory.
    ["readonly", "on"],
    ["rom", "off"],
    ["x-use-canonical-path-for-ramblock-id", isName ? "off" : "on"],
    ...[...given].filter(([key]) => KEPT.includes(key)),
  ]);
}

function checkArguments(args: readonly string[], path: string): void {
  for (const name of ["mem-path", "mem-prealloc"]) {
    if (!hasOption(args, name)) continue;
    throw new MappedResumeError(path, {
      reason: "arguments",
      text: `QEMU is given -${name}, which places all memory; leave it out`,
    });
  }
  const sharing = args.find((it) => /vhost-user|x-remote|vfio-user/.test(it));
  if (sharing === undefined) return;
  throw new MappedResumeError(path, {
    reason: "arguments",
    text:
      `${JSON.stringify(sharing)} needs memory shared with another program ` +
      "(share=on), but the file is mapped privately; leave the device out, " +
      "or resume by postcopy",
  });
}
