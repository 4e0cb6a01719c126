import { hex } from "../../format/rules/mod.ts";
import { builtinModule } from "../local/mod.ts";
import type { QemuFacts } from "../qemu/mod.ts";
import type { RAMBlock, Snapshot } from "../reading/mod.ts";
import { checkDigest, findFile, type FindFileOptions } from "./find_file.ts";
import { findGuestMemory, type GuestMemory } from "./guest_memory.ts";
import { leavesRAM } from "./mappable_machine.ts";
import { mapMemory, type MappedBlock } from "./mapped_arguments.ts";
import { MappedResumeError } from "./mapped_resume_error.ts";

/** A plan to resume a guest by mapping its RAM. */
export interface MappedResumePlan {
  /** Absolute path of the snapshot. */
  readonly path: string;
  /** The mapped blocks; the others are loaded with the device state. */
  readonly blocks: readonly MappedBlock[];
  /** QEMU's arguments: the guest's, and those added by the plan. */
  readonly args: readonly string[];
}

/** Options of a plan. */
export interface MappedResumeOptions extends FindFileOptions {
  /** QEMU's arguments for the guest as it was saved, without `-incoming`. */
  readonly args: readonly string[];
  /**
   * What `queryQemu` reports about this QEMU. Default: not checked, which saves
   * the time of starting it twice; a QEMU that is too old refuses the arguments
   * of the plan, or the capability mapped-ram.
   */
  readonly qemu?: QemuFacts | undefined;
  /** The snapshot's path. Default: the name of its source. */
  readonly path?: string | undefined;
  /** Bytes of a host page. Default: the largest of this host's architecture. */
  readonly hostPageSize?: number | undefined;
}

/**
 * The first QEMU that reads mapped-ram. `offset` exists since 8.1, `rom` since
 * 8.2.
 */
const QEMU_MIN = 9;
/** ARM and POWER hosts have pages of up to 64 KiB, x86 hosts of 4 KiB. */
const PAGE_SIZES = { x64: 0x1000, other: 0x10000 };

/**
 * Plans to resume a guest with its RAM mapped directly from a local file, and
 * reports any obstacle before anything is started.
 *
 * The guest writes to private memory; the file is only read, and must not
 * change while the guest runs.
 *
 * @throws {MappedResumeError} if it is not possible, with the reason and a
 * remedy
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
  if (qemu !== undefined) checkQemu(qemu, name);
  checkMachine(snapshot.machine, name);
  const { path, memPath } = findFile(name, snapshot, options);
  const idstrs = snapshot.blocks.map(({ idstr }) => idstr);
  const memory = findGuestMemory(idstrs, args);
  if (memory.length === 0) {
    throw new MappedResumeError(name, {
      reason: "memory",
      text:
        `none of its RAMBlocks (${
          idstrs.join(", ")
        }) is known as main memory; ` +
        "add to QEMU's arguments the -object memory-backend-… and -numa " +
        "or -machine memory-backend=… that the guest was saved with",
    });
  }
  const pageSize = options.hostPageSize ?? defaultPageSize();
  const blocks = memory.map(({ idstr, id }: GuestMemory): MappedBlock => {
    const block = snapshot.block(idstr);
    checkBlock(block, snapshot, { name, pageSize });
    const { usedLength: size, pagesOffset: offset } = block;
    return { idstr, id, size, offset };
  });
  const mapped = mapMemory(args, memory, { path, memPath, blocks });
  // Last: the caller may read the whole file if nothing else is in the way.
  checkDigest(path, snapshot, options);
  return { path, blocks, args: mapped };
}

function checkQemu(qemu: QemuFacts, name: string): void {
  const lacking = ["offset", "rom", "readonly"].filter((it) =>
    !qemu.memoryBackendFile.includes(it)
  );
  // A QEMU that does not report its version may still have all properties.
  const major = Number.parseInt(qemu.version) || QEMU_MIN;
  if (lacking.length === 0 && major >= QEMU_MIN) return;
  const reason = lacking.length === 0
    ? "does not read mapped-ram"
    : `has no ${lacking.join(", ")} in memory-backend-file`;
  throw new MappedResumeError(name, {
    reason: "qemu",
    text:
      `${qemu.program} ${qemu.version} ${reason}, expected QEMU ${QEMU_MIN}.0 ` +
      "or later",
  });
}

function checkMachine(machine: string, name: string): void {
  if (leavesRAM(machine)) return;
  throw new MappedResumeError(name, {
    reason: "machine",
    text:
      `machine ${JSON.stringify(machine)} may write to its RAM as it starts, ` +
      "over the mapped memory, expected one that is known not to, such as pc, " +
      "q35 or virt; resume by postcopy",
  });
}

function checkBlock(
  block: RAMBlock,
  snapshot: Snapshot,
  { name, pageSize }: { readonly name: string; readonly pageSize: number },
): void {
  const { idstr, pagesOffset, usedLength, ignored } = block;
  function refuse(text: string): never {
    throw new MappedResumeError(name, {
      reason: "memory",
      text: `RAMBlock ${JSON.stringify(idstr)} ${text}`,
    });
  }
  if (ignored) refuse("was left out of it (x-ignore-shared)");
  if (pagesOffset % pageSize !== 0 || usedLength % pageSize !== 0) {
    refuse(
      `has ${hex(usedLength)} bytes at ${hex(pagesOffset)}, expected ` +
        `multiples of the host's page size ${pageSize}; resume by postcopy`,
    );
  }
  if (pagesOffset + usedLength > snapshot.source.byteLength) {
    refuse("ends past the end of the file");
  }
}

function defaultPageSize(): number {
  const use = { what: "the host", action: "ask for the host" };
  const { arch } = builtinModule("node:process", use);
  return arch === "x64" || arch === "ia32" ? PAGE_SIZES.x64 : PAGE_SIZES.other;
}
