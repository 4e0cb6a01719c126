import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { OpenOptions, RuleSlug } from "../../mod.ts";

/** A RAMBlock as `expected.json` describes it. */
export interface ExpectedBlock {
  readonly idstr: string;
  readonly usedLength: number;
  readonly pageSize: number;
  readonly bitmapOffset: number;
  readonly pagesOffset: number;
  readonly ignored?: true;
  readonly presentRuns: readonly (readonly [number, number])[];
  readonly sha256: string | null;
}

/** A libvirt save image as `expected.json` describes it: texts, or their SHA-256. */
export interface ExpectedLibvirt {
  readonly version: number;
  readonly byteOrder: "little" | "big";
  readonly format: string;
  readonly wasRunning: boolean;
  readonly streamOffset: number;
  readonly xml?: string;
  readonly xmlSha256?: string;
  readonly cookie?: string;
  readonly cookieSha256?: string;
  /** SHA-256 of the stream, unpacked. */
  readonly streamSha256?: string;
}

/** A dirty bitmap as `expected.json` describes it. */
export interface ExpectedBitmap {
  readonly node: string;
  readonly name: string;
  readonly granularity: number;
  readonly enabled: boolean;
  readonly persistent: boolean;
  readonly complete: boolean;
  readonly coveredBytes: number;
  readonly dirtyBytes: number;
  /** Each run as its first byte and its length. */
  readonly ranges: readonly (readonly [number, number])[];
}

/** A sequential stream as `expected.json` describes it. */
export interface ExpectedSequential {
  readonly machine: string;
  readonly pageSize: number;
  readonly blocks: readonly {
    readonly idstr: string;
    readonly usedLength: number;
    /** Pages whose last record is not a zero page. */
    readonly presentRuns: readonly (readonly [number, number])[];
    readonly sha256: string;
  }[];
}

/** The expected result of a reader with a sidecar and a digest. */
export interface ExpectedVerity {
  /** SHA-256 of all bytes of the file, without those of refused blocks. */
  readonly sha256: string;
  /** Runs of data blocks that are refused: the first, and the one after the last. */
  readonly refused: readonly (readonly [number, number])[];
  /** The rule by which the first of them is refused. */
  readonly rule?: RuleSlug;
  /** Where: in the sidecar for `verity-tree`, in the file for `verity-data`. */
  readonly offset?: number;
}

/** What a writer of sidecars makes of a file, by the `fsverity` tool. */
export interface ExpectedSeal {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** SHA-256 of the sidecar without holes. */
  readonly sha256: string;
}

/** The expected result of a reader: blocks, or an error. */
export interface Expected {
  readonly rules: readonly RuleSlug[];
  readonly options?: OpenOptions & { readonly digest?: string };
  readonly machine?: string;
  readonly capabilities?: readonly string[];
  readonly blocks?: readonly ExpectedBlock[];
  readonly findings?: readonly RuleSlug[];
  readonly libvirt?: ExpectedLibvirt;
  readonly dirtyBitmaps?: readonly ExpectedBitmap[];
  /** The rule that they break, instead of `dirtyBitmaps`. */
  readonly dirtyBitmapsError?: Expected["error"];
  /** The expected result of a reader of sequential streams. */
  readonly sequential?: ExpectedSequential;
  /** The rule that it breaks for such a reader, instead of `sequential`. */
  readonly sequentialError?: Expected["error"];
  /** The runs of `profile.txt`, each a RAMBlock's index, a page and a count. */
  readonly profile?: {
    readonly runs: readonly (readonly [number, number, number])[];
  };
  /** The rule by which a reader of profiles refuses it, and the line. */
  readonly profileError?: {
    readonly kind: "format" | "unsupported";
    readonly rule: RuleSlug;
    readonly line?: number;
  };
  /** The disk in a qcow2 image. */
  readonly packed?: {
    readonly byteLength: number;
    readonly sha256: string;
  };
  /** The rule by which the image, or a part of it, is refused. */
  readonly packedError?: Expected["error"];
  readonly verity?: ExpectedVerity;
  /** The rule by which a sidecar is refused before any block is read. */
  readonly verityError?: {
    readonly kind: "integrity" | "unsupported";
    readonly rule: RuleSlug;
    readonly offset: number;
  };
  /** The sidecar that a writer makes of the file, if it is to be tried. */
  readonly seal?: ExpectedSeal;
  readonly error?: {
    readonly kind: "format" | "unsupported";
    readonly rule: RuleSlug;
    readonly offset: number;
  };
}

/** A vector without its files. */
export interface VectorResult {
  /** Its folder, relative to `vectors/`: `valid/minimal`. */
  readonly path: string;
  readonly expected: Expected;
}

/** A vector: a folder with a snapshot and its expected result. */
export interface Vector extends VectorResult {
  /** Unpacks the snapshot. */
  readonly unpack: () => Uint8Array<ArrayBuffer>;
}

const VECTORS = fileURLToPath(new URL(".", import.meta.url));

/** The folder of the vectors of verified files, which are not snapshots. */
const VERITY = join(VECTORS, "verity");

/** The folder of the vectors of packed snapshots. */
const PACKED = join(VECTORS, "packed");

/**
 * Returns all vectors of snapshots that fit into memory, sorted by path: those
 * that are in one piece.
 */
export function listVectors(): Vector[] {
  const isWhole = (folder: string) =>
    !existsSync(join(folder, "snapshot-2.gz"));
  return foldersWith("expected.json", VECTORS)
    .filter((folder) => isWhole(folder))
    .filter((it) => !it.startsWith(VERITY) && !it.startsWith(PACKED))
    .sort()
    .map((folder) => ({
      ...resultOf(folder, VECTORS),
      unpack: () =>
        new Uint8Array(gunzipSync(readFileSync(join(folder, "snapshot.gz")))),
    }));
}

/**
 * Returns all vectors of verified files, sorted by path, which is relative to
 * `vectors/verity/`.
 */
export function listVerityVectors(): VectorResult[] {
  return foldersWith("expected.json", VERITY).sort()
    .map((folder) => resultOf(folder, VERITY));
}

/** Returns all vectors of packed snapshots, in the same way. */
export function listPackedVectors(): VectorResult[] {
  return foldersWith("expected.json", PACKED).sort()
    .map((folder) => resultOf(folder, PACKED));
}

function resultOf(folder: string, root: string): VectorResult {
  return {
    path: relative(root, folder).replaceAll("\\", "/"),
    expected: JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")),
  };
}

function foldersWith(file: string, folder: string): string[] {
  if (existsSync(join(folder, file))) return [folder];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => foldersWith(file, join(folder, entry.name)));
}
