import type { LibvirtSaveHeader } from "../../../format/libvirt/mod.ts";
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

/** What a reader found wrong with a file. */
type Refusal = Pick<RuleError, "rule" | "found">;

/** As `openSnapshot`; a file of another kind is refused by the name of that. */
export async function openSnapshotFile(
  source: ByteSource,
  options: OpenOptions & ReadOptions,
): Promise<Snapshot> {
  try {
    return await openSnapshot(source, options);
  } catch (error) {
    throw await explainRefusal(error, source, options);
  }
}

/**
 * A refusal with what the file is instead, and what makes a snapshot of it; the
 * error itself where nothing more is known.
 */
export async function explainRefusal(
  error: unknown,
  source: ByteSource,
  options: OpenOptions & ReadOptions,
): Promise<unknown> {
  if (!(error instanceof RuleError)) return error;
  const advice = await adviceOnRefusal(error, source, options);
  if (advice === undefined) return error;
  const message = `Cannot read ${JSON.stringify(source.name)}: ${advice}`;
  return new SourceError(source.name, message, { cause: error });
}

/** What a refused file is, and what to do about it; undefined if unknown. */
export async function adviceOnRefusal(
  refusal: Refusal,
  source: ByteSource,
  { offset, signal }: OpenOptions & ReadOptions,
): Promise<string | undefined> {
  if (isUnfinished(refusal)) {
    return "it is unfinished, a save was stopped: save --resume goes on with it";
  }
  // At an offset that the caller gave, another one may be the remedy.
  const isOther = offset === undefined && OF_OTHER_FILES.has(refusal.rule);
  return isOther ? await adviceOn(source, { signal }) : undefined;
}

/** Rules that files of other kinds break. */
const OF_OTHER_FILES: ReadonlySet<string> = new Set([
  "capability-mapped-ram",
  "libvirt-format",
  "stream-magic",
]);

/** Whether there are zeros where a save writes its last word. */
export function isUnfinished({ rule, found }: Refusal): boolean {
  return rule === "ram-setup-end" && found === "the word 0x0";
}

/** What convert unpacks. */
const UNPACKED: ReadonlySet<LibvirtSaveHeader["format"]> = new Set([
  "gzip",
  "zstd",
]);

async function adviceOn(
  source: ByteSource,
  options: ReadOptions,
): Promise<string | undefined> {
  const { detectFormat } = await import("../../convert/mod.ts");
  const { format, known, libvirt } = await detectFormat(source, options);
  const convert = joinWords(["deno", "task", "convert", source.name, "OUT.mr"]);
  switch (format) {
    case "sequential":
      return "it is a sequential migration stream, not mapped-ram; make a " +
        `snapshot of it first: ${convert}`;
    case "packed":
      // The refusal itself names the command that unpacks the others.
      return libvirt === undefined || !UNPACKED.has(libvirt.format)
        ? undefined
        : "it is a packed libvirt save image; make a snapshot of it first: " +
          convert;
    case "elf":
      return `it is an ELF file; if it is a core, ${convert} makes a snapshot`;
    case "lime":
      return `it is a LiME file; make a snapshot of it first: ${convert}`;
    case "mapped-ram":
      return undefined;
    case undefined:
      return known && `it is ${known.what}: ${known.remedy}`;
  }
}
