import { RuleError } from "../../../format/rules/mod.ts";
import {
  type OpenOptions,
  openSnapshot,
  type Snapshot,
} from "../../reading/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  SourceError,
} from "../../sources/mod.ts";
import { joinWords } from "./split_words.ts";
import { programWords } from "../program/program_name.ts";

/** The rule that a file breaks, and what was found. */
type Refusal = Pick<RuleError, "rule" | "found" | "offset">;

/** How a file is opened that may not be a snapshot. */
export interface SnapshotFileOptions extends OpenOptions, ReadOptions {
  /** The disk of an image, of which the source may only pass the bytes on. */
  readonly disk?: ByteSource | undefined;
}

/**
 * Opens a snapshot; the error for another kind of file names that kind. An image
 * whose backing file was cut off is refused.
 */
export async function openSnapshotFile(
  source: ByteSource,
  options: SnapshotFileOptions,
): Promise<Snapshot> {
  let snapshot: Snapshot;
  try {
    snapshot = await openSnapshot(source, options);
  } catch (error) {
    throw await explainRefusal(error, source, options);
  }
  const { disk, signal } = options;
  if (disk !== undefined) {
    const { checkBases } = await import("./short_base.ts");
    await checkBases(disk, snapshot, { signal });
  }
  return snapshot;
}

/**
 * Returns an error that names what the file is instead and how to make a
 * snapshot of it, or the error itself if nothing more is known.
 */
export async function explainRefusal(
  error: unknown,
  source: ByteSource,
  options: SnapshotFileOptions,
): Promise<unknown> {
  if (!(error instanceof RuleError)) return error;
  const advice = await adviceOnRefusal(error, source, options) ??
    adviceOnUnknown(error, source, options);
  if (advice === undefined) return error;
  const message = `Cannot read ${JSON.stringify(source.name)}: ${advice}`;
  return new SourceError(source.name, message, { cause: error });
}

/** Returns what a refused file is and what to do; undefined if unknown. */
export async function adviceOnRefusal(
  refusal: Refusal,
  source: ByteSource,
  { offset, signal, disk }: SnapshotFileOptions,
): Promise<string | undefined> {
  const advice = await adviceOnBase(refusal, { disk, signal });
  if (advice !== undefined) return advice;
  if (isUnfinished(refusal)) {
    return "it is unfinished, a save was stopped: save --resume continues it";
  }
  // With an explicit offset, the remedy may be another offset.
  const isOther = offset === undefined && OF_OTHER_FILES.has(refusal.rule);
  return isOther ? await adviceOn(source, { disk, signal }) : undefined;
}

/** Returns what is wrong with a backing file that lacks what was refused. */
export async function adviceOnBase(
  { offset }: Pick<Refusal, "offset">,
  { disk, signal }: Pick<SnapshotFileOptions, "disk" | "signal">,
): Promise<string | undefined> {
  if (disk === undefined) return undefined;
  const { adviceOnShortBase } = await import("./short_base.ts");
  return await adviceOnShortBase(disk, offset, { signal });
}

/** Rules that other kinds of file break. */
const OF_OTHER_FILES: ReadonlySet<string> = new Set([
  "capability-mapped-ram",
  "libvirt-format",
  "stream-magic",
]);

/** Whether the word that a save writes last is still zero. */
export function isUnfinished(
  { rule, found }: Omit<Refusal, "offset">,
): boolean {
  return rule === "ram-setup-end" && found === "the word 0x0";
}

/** Returns what to do if the first bytes are those of no known format. */
function adviceOnUnknown(
  { rule, found, expected }: RuleError,
  source: ByteSource,
  { offset }: OpenOptions,
): string | undefined {
  if (rule !== "stream-magic" || offset !== undefined) return undefined;
  return `${found}, that of no known format (expected ${expected}); if it is ` +
    "the flat memory of a guest, make a snapshot of it first: " +
    `${convertCommand(source)} --from raw`;
}

function convertCommand({ name }: ByteSource): string {
  return joinWords([...programWords(), "convert", name, "OUT.mr"]);
}

async function adviceOn(
  source: ByteSource,
  { disk = source, signal }: SnapshotFileOptions,
): Promise<string | undefined> {
  const { detectFormat } = await import("../../convert/mod.ts");
  const { format, known, libvirt } = await detectFormat(source, {
    signal,
  });
  const convert = convertCommand(source);
  switch (format) {
    case "sequential":
      return "it is a sequential migration stream, not mapped-ram; make a " +
        `snapshot of it first: ${convert}`;
    case "packed": {
      if (libvirt === undefined) return undefined;
      const { isConvertible, unpackFirst } = await import("./packed_image.ts");
      return isConvertible(libvirt)
        ? "it is a packed libvirt save image; make a snapshot of it first: " +
          convert
        : unpackFirst(libvirt, source.name);
    }
    case "elf":
      return `it is an ELF file; if it is a core, ${convert} makes a snapshot`;
    case "lime":
      return `it is a LiME file; make a snapshot of it first: ${convert}`;
    case "mapped-ram":
      return undefined;
    case undefined:
      return known === undefined
        ? await adviceOnDisk(disk)
        : `it is ${known.what}: ${known.remedy}`;
  }
}

/** Returns what to do about an image of a disk without a snapshot. */
export async function adviceOnDisk(
  source: ByteSource,
): Promise<string | undefined> {
  const { isQcow2Source } = await import("../../qcow2/mod.ts");
  if (!isQcow2Source(source)) return undefined;
  const convert = [...programWords(), "convert", "vm.mr", "vm.qcow2"];
  return "it is a qcow2 image, and the disk in it is no snapshot; save the " +
    "guest by QEMU's migrate, not by savevm, and pack that file: " +
    joinWords(convert);
}
