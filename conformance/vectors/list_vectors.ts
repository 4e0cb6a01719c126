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

/** What a reader finds in a vector: blocks, or an error. */
export interface Expected {
  readonly rules: readonly RuleSlug[];
  readonly options?: OpenOptions;
  readonly machine?: string;
  readonly capabilities?: readonly string[];
  readonly blocks?: readonly ExpectedBlock[];
  readonly findings?: readonly RuleSlug[];
  readonly error?: {
    readonly kind: "format" | "unsupported";
    readonly rule: RuleSlug;
    readonly offset: number;
  };
}

/** A vector: a folder with a snapshot and what a reader finds in it. */
export interface Vector {
  /** Its folder, relative to `vectors/`: `valid/minimal`. */
  readonly path: string;
  readonly expected: Expected;
  /** Unpacks the snapshot. */
  readonly unpack: () => Uint8Array<ArrayBuffer>;
}

const VECTORS = fileURLToPath(new URL(".", import.meta.url));

/** Every vector there is, sorted by path. */
export function listVectors(): Vector[] {
  return foldersWith("expected.json", VECTORS).sort().map((folder) => ({
    path: relative(VECTORS, folder).replaceAll("\\", "/"),
    expected: JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")),
    unpack: () =>
      new Uint8Array(gunzipSync(readFileSync(join(folder, "snapshot.gz")))),
  }));
}

function foldersWith(file: string, folder: string): string[] {
  if (existsSync(join(folder, file))) return [folder];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => foldersWith(file, join(folder, entry.name)));
}
