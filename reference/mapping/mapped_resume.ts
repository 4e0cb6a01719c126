import type { Stats } from "node:fs";
import { hex } from "../../format/mod.ts";
import { builtinModule, nodeFs } from "../local/mod.ts";
import type { QemuFacts } from "../qemu/mod.ts";
import type { RAMBlock, Snapshot } from "../reading/mod.ts";
import { findGuestMemory, type GuestMemory } from "./guest_memory.ts";
import { leavesRAM } from "./mappable_machine.ts";
import { mapMemory, type MappedBlock } from "./mapped_arguments.ts";
import { MappedResumeError } from "./mapped_resume_error.ts";

/** How a guest is resumed by mapping its RAM. */
export interface MappedResumePlan {
  /** The snapshot's path, absolute. */
  readonly path: string;
  /** The blocks that are mapped; the others come with the device state. */
  readonly blocks: readonly MappedBlock[];
  /** QEMU's arguments, those of the guest and what is to be added. */
  readonly args: readonly string[];
}

/** What a plan is made for. */
export interface MappedResumeOptions {
  /** QEMU's arguments for the guest, as it was saved; without `-incoming`. */
  readonly args: readonly string[];
  /** What the QEMU says of itself, by `queryQemu`. */
  readonly qemu: QemuFacts;
  /** The snapshot's path. Default: the name of its source. */
  readonly path?: string | undefined;
  /** Size of the host's pages in bytes. Default: what any host could have. */
  readonly hostPageSize?: number | undefined;
}

/** The first QEMU that reads mapped-ram. `offset` is of 8.1, `rom` of 8.2. */
const QEMU_MIN = 9;
/** ARM and POWER hosts have pages of up to 64 KiB, x86 has 4 KiB. */
const PAGE_SIZES = { x64: 0x1000, other: 0x10000 };

/**
 * Plans to resume a guest with its RAM mapped straight from a local file, and
 * says before anything is tried what stands in the way.
 *
 * The guest writes to memory of its own; the file is only read, and must stay as
 * it is for as long as the guest runs.
 *
 * @throws {MappedResumeError} if it cannot be done; it says why and what to do
 *
 * @example
 * ```ts
 * import { openFileSource, openSnapshot } from "../../mod.ts";
 * import {
 *   planMappedResume,
 *   queryQemu,
 * } from "../doors/qemu.ts";
 *
 * async function show(path: string): Promise<void> {
 *   using source = openFileSource(path);
 *   const plan = planMappedResume(await openSnapshot(source), {
 *     args: ["-M", "pc", "-m", "1G"],
 *     qemu: await queryQemu(),
 *   });
 *   console.log(plan.args.join(" "));
 * }
 * ```
 */
export function planMappedResume(
  snapshot: Snapshot,
  options: MappedResumeOptions,
): MappedResumePlan {
  const { qemu, args } = options;
  const name = options.path ?? snapshot.source.name;
  checkQemu(qemu, name);
  checkMachine(snapshot.machine, name);
  const path = findFile(name, snapshot.source.byteLength);
  const idstrs = snapshot.blocks.map(({ idstr }) => idstr);
  const memory = findGuestMemory(idstrs, args);
  if (memory.length === 0) {
    throw new MappedResumeError(
      "memory",
      name,
      `none of its RAMBlocks (${idstrs.join(", ")}) is known as main memory, ` +
        "give QEMU's arguments the -object memory-backend-… and -numa " +
        "or -machine memory-backend=… that the guest was saved with",
    );
  }
  const pageSize = options.hostPageSize ?? defaultPageSize();
  const blocks = memory.map(({ idstr, id }: GuestMemory): MappedBlock => {
    const block = snapshot.block(idstr);
    checkBlock(block, snapshot, { name, pageSize });
    const { usedLength: size, pagesOffset: offset } = block;
    return { idstr, id, size, offset };
  });
  return { path, blocks, args: mapMemory(args, memory, { path, blocks }) };
}

function checkQemu(qemu: QemuFacts, name: string): void {
  const lacking = ["offset", "rom", "readonly"].filter((it) =>
    !qemu.memoryBackendFile.includes(it)
  );
  // A QEMU that does not say its version may know all that is needed.
  const major = Number.parseInt(qemu.version) || QEMU_MIN;
  if (lacking.length === 0 && major >= QEMU_MIN) return;
  const reason = lacking.length === 0
    ? "does not read mapped-ram"
    : `has no ${lacking.join(", ")} in memory-backend-file`;
  throw new MappedResumeError(
    "qemu",
    name,
    `${qemu.program} ${qemu.version} ${reason}, expected QEMU ${QEMU_MIN}.0 ` +
      "or later",
  );
}

function checkMachine(machine: string, name: string): void {
  if (leavesRAM(machine)) return;
  throw new MappedResumeError(
    "machine",
    name,
    `machine ${JSON.stringify(machine)} may write to its RAM as it starts, ` +
      "over what is mapped, expected one that is known not to, as pc, q35 " +
      "and virt are; resume by postcopy",
  );
}

/** The absolute path of a snapshot, which must be a file that is mapped whole. */
function findFile(name: string, byteLength: number): string {
  const fs = nodeFs();
  let stat: Stats | undefined;
  try {
    stat = fs.statSync(name, { throwIfNoEntry: false });
  } catch {
    // A URL is no path on any system, but some say so by an error.
  }
  if (stat?.isFile() && stat.size === byteLength) {
    const use = { what: "paths", action: "use paths" };
    return builtinModule("node:path", use).resolve(name);
  }
  const found = stat === undefined
    ? "it is not a file of this machine"
    : stat.isFile()
    ? `the file has ${stat.size} bytes, the snapshot ${byteLength}`
    : "it is not a regular file";
  throw new MappedResumeError(
    "file",
    name,
    `${found}, expected the snapshot's own file; copy it here, ` +
      "or resume by postcopy",
  );
}

function checkBlock(
  block: RAMBlock,
  snapshot: Snapshot,
  { name, pageSize }: { readonly name: string; readonly pageSize: number },
): void {
  const { idstr, pagesOffset, usedLength, ignored } = block;
  function refuse(text: string): never {
    throw new MappedResumeError(
      "memory",
      name,
      `RAMBlock ${JSON.stringify(idstr)} ${text}`,
    );
  }
  if (ignored) refuse("was left out of it (x-ignore-shared)");
  if (pagesOffset % pageSize !== 0 || usedLength % pageSize !== 0) {
    refuse(
      `has ${hex(usedLength)} bytes at ${hex(pagesOffset)}, expected ` +
        `multiples of the host's page size ${pageSize}; resume by postcopy`,
    );
  }
  if (pagesOffset + usedLength > snapshot.source.byteLength) {
    refuse("ends behind the end of the file");
  }
}

function defaultPageSize(): number {
  const use = { what: "the host", action: "ask for the host" };
  const { arch } = builtinModule("node:process", use);
  return arch === "x64" || arch === "ia32" ? PAGE_SIZES.x64 : PAGE_SIZES.other;
}
