import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import type { ExpectedBlock, Vector } from "../../vectors/list_vectors.ts";
import type { QemuTarget } from "./find_qemu.ts";
import { type MigrationOptions, QemuProcess } from "./qemu_process.ts";
import { ScratchDirectory } from "./scratch_directory.ts";
import { loadSequentially } from "./sequential_migration.ts";
import type { VectorCase } from "./vector_case.ts";

/** The outcome of loading a vector. */
export type Outcome =
  | "loads"
  | "loads other memory"
  | "refuses"
  | "crashes"
  | "hangs"
  | "not tried";

/** The result of loading one vector. */
export interface Trial {
  readonly path: string;
  readonly outcome: Outcome;
  /** QEMU's error, or the reason it was not tried. */
  readonly detail?: string;
}

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
const DETAIL_MAX = 90;

/** QEMU's errors if the machine does not match, although the file is valid. */
const OTHER_MACHINE = [
  /Unknown (savevm )?section or instance/,
  /Unknown ramblock/,
  /Received TARGET_PAGE_BITS is \d+ but local is/,
  /RAM postcopy is disabled/,
  /Cannot find device=/,
  /Machine type received is/,
  // To QEMU, a section_id of 0 means a device that is not loaded yet.
  /timer: incoming version_id 0/,
];

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
    return { path, ...outcomeOf(String(error)) };
  }
  if (blocks === undefined) return { path, outcome: "loads" };
  const same = await hasMemory(qemu, blocks, { machine, scratch });
  return { path, outcome: same ? "loads" : "loads other memory" };
}

async function load(qemu: QemuProcess, machine: Machine): Promise<void> {
  const { isSequential, options } = machine;
  if (!isSequential) {
    await qemu.incoming("snapshot", { ...options, timeoutMs: TIMEOUT_MS });
    return;
  }
  const at = options.offset === undefined ? "" : `,offset=${options.offset}`;
  try {
    await loadSequentially(qemu, `file:snapshot${at}`, {
      capabilities: options.capabilities ?? [],
    });
  } catch (error) {
    throw new Error(`${error}; stderr: ${await qemu.lastWords()}`);
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

function outcomeOf(text: string): Pick<Trial, "outcome" | "detail"> {
  // Its first printed line is more specific than its answer.
  const printed = /; stderr: qemu-system-\w+: ([^\n]+)/.exec(text)?.[1];
  const answer = text
    .replace(/^.*?(error-desc|Cannot migrate-incoming: )/s, "")
    .replace(/; stderr: .*$/s, "");
  const detail = (printed ?? answer).replace(/\s+/g, " ")
    .slice(0, DETAIL_MAX);
  if (/is gone/.test(text)) return { outcome: "crashes" };
  if (/after \d+ ms|timeout|no end/i.test(text)) return { outcome: "hangs" };
  if (OTHER_MACHINE.some((reason) => reason.test(text))) {
    return { outcome: "not tried", detail: "the machine does not fit" };
  }
  return { outcome: "refuses", detail };
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
