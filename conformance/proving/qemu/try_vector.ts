import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import type { ExpectedBlock, Vector } from "../../vectors/list_vectors.ts";
import type { QemuTarget } from "./find_qemu.ts";
import { outcomeOf, type Trial } from "./load_outcome.ts";
import { type MigrationOptions, QemuProcess } from "./qemu_process.ts";
import { runMigration } from "./run_migration.ts";
import { ScratchDirectory } from "./scratch_directory.ts";
import { loadSequentially } from "./sequential_migration.ts";
import type { VectorCase } from "./vector_case.ts";

/** The machine for loading a vector. */
interface Machine {
  readonly target: QemuTarget;
  readonly args: readonly string[];
  readonly options: MigrationOptions;
  /** The files that it reads when it starts. */
  readonly files: VectorCase["files"];
  /** Whether it loads a sequential stream. */
  readonly isSequential: boolean;
}

/** The expected memory. */
type Block = Pick<ExpectedBlock, "idstr" | "usedLength" | "sha256"> & {
  readonly pageSize?: number;
};

const TIMEOUT_MS = 20_000;
/**
 * Loads a vector in QEMU, and compares the memory with the expected one if the
 * file is valid. `cases` are the machines that wrote vectors.
 */
export async function tryVector(
  { path, expected, unpack }: Vector,
  cases: readonly VectorCase[],
): Promise<Trial> {
  const bytes = unpack();
  const { options = {}, libvirt, sequential } = expected;
  const blocks = expected.blocks ?? sequential?.blocks;
  const machine = machineFor(bytes, {
    blocks,
    // For a libvirt image, QEMU needs the offset of the stream.
    offset: options.offset ?? libvirt?.streamOffset ?? 0,
    vectorCase: cases.find(({ name }) => path === `qemu/${name}`),
  });
  if (typeof machine === "string") {
    return { path, outcome: "not tried", detail: machine };
  }
  if (options.bitmapByteOrder ?? options.bitmapWordSize) {
    return { path, outcome: "not tried", detail: "saved by another host" };
  }
  using scratch = new ScratchDirectory();
  writeFileSync(scratch.file("snapshot"), bytes);
  for (const [name, { bytes }] of Object.entries(machine.files)) {
    writeFileSync(scratch.file(name), bytes);
  }
  await using qemu = await QemuProcess.start({
    target: machine.target,
    directory: scratch.path,
    args: [...machine.args, "-incoming", "defer"],
  });
  try {
    await load(qemu, machine);
  } catch (error) {
    const isGone = qemu.qmp.isClosed;
    const stderr = await qemu.lastWords();
    return { path, ...outcomeOf({ error, isGone, stderr }) };
  }
  if (blocks === undefined) return { path, outcome: "loads" };
  const same = await hasMemory(qemu, blocks, { machine, scratch });
  return { path, outcome: same ? "loads" : "loads other memory" };
}

async function load(
  qemu: QemuProcess,
  { isSequential, options }: Machine,
): Promise<void> {
  const at = options.offset === undefined ? "" : `,offset=${options.offset}`;
  const uri = `file:snapshot${at}`;
  if (isSequential) {
    await loadSequentially(qemu, uri, {
      capabilities: options.capabilities ?? [],
    });
  } else {
    await qemu.prepareMigration(options);
    await runMigration(qemu.qmp, "migrate-incoming", {
      uri,
      timeoutMs: TIMEOUT_MS,
    });
  }
}

function machineFor(
  bytes: Uint8Array,
  { blocks, offset, vectorCase }: {
    readonly blocks: readonly Block[] | undefined;
    readonly offset: number;
    readonly vectorCase: VectorCase | undefined;
  },
): Machine | string {
  const head = Buffer.from(bytes.subarray(offset, offset + 4096))
    .toString("latin1");
  const capabilities = head.includes("x-ignore-shared")
    ? ["x-ignore-shared"]
    : [];
  const options = { ...offset === 0 ? {} : { offset }, capabilities };
  // A file without mapped-ram is a sequential stream or no stream at all.
  const isSequential = head.startsWith("QEVM") &&
    !/mapped-ram|fixed-ram/.test(head);
  if (vectorCase !== undefined) {
    const args = vectorCase.args.filter((arg, at, all) =>
      !arg.startsWith("loader,") && !all[at + 1]?.startsWith("loader,")
    );
    const more = vectorCase.options?.capabilities ?? [];
    return {
      target: vectorCase.target,
      args,
      files: vectorCase.files,
      isSequential,
      options: { ...options, capabilities: [...capabilities, ...more] },
    };
  }
  const isLibvirts = /^LibvirtQemud/.test(
    Buffer.from(bytes.subarray(0, 12)).toString("latin1"),
  );
  if (isLibvirts && !head.startsWith("QEVM")) {
    return "libvirt has to make a stream of it";
  }
  const [block, ...others] = blocks ?? [];
  if (blocks !== undefined && (others.length > 0 || block?.idstr !== "ram")) {
    return "no machine has these RAMBlocks";
  }
  const length = block?.usedLength ??
    ramLength(bytes, { head, offset, isSequential });
  // QEMU rounds the RAM of a machine up to 8 KiB.
  if (length % 8192 !== 0) return "no machine has so much RAM";
  const target = block?.pageSize === 8192 ? "sparc64" : "x86_64";
  return {
    target,
    args: ["-M", "none", "-m", `${length}B`],
    options,
    files: {},
    isSequential,
  };
}

/** The used_length of the RAMBlock "ram" of an invalid file. */
function ramLength(
  bytes: Uint8Array,
  { head, offset, isSequential }: {
    readonly head: string;
    readonly offset: number;
    readonly isSequential: boolean;
  },
): number {
  const entry = "\x03ram\0\0";
  // The first match is the section name; in a stream, records follow the list.
  const at = isSequential
    ? head.indexOf(entry, head.indexOf(entry) + 1)
    : head.lastIndexOf(entry);
  const word = offset + at + 4;
  if (at < 0 || word + 8 > bytes.length) return 65536;
  const length = Number(new DataView(bytes.buffer).getBigUint64(word));
  return length > 0 && length <= 2 ** 26 && length % 8192 === 0
    ? length
    : 65536;
}

/** Compares with pmemsave if there is one RAMBlock, else with another save. */
async function hasMemory(
  qemu: QemuProcess,
  blocks: readonly Block[],
  { machine, scratch }: {
    readonly machine: Machine;
    readonly scratch: ScratchDirectory;
  },
): Promise<boolean> {
  const [block, ...others] = blocks;
  if (others.length === 0 && machine.args.join(" ").includes("-M none")) {
    await qemu.pmemsave(0, block.usedLength, "memory");
    return sha256(readFileSync(scratch.file("memory"))) === block.sha256;
  }
  await qemu.save("again");
  using source = openFileSource(scratch.file("again"));
  const again = openSnapshotSync(source);
  return blocks.every(({ idstr, usedLength, sha256: expected }) => {
    const memory = new Uint8Array(usedLength);
    again.block(idstr).readIntoSync(memory, 0);
    return sha256(memory) === expected;
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
