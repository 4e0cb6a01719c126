/**
 * Builds the generated files: `snapshot.gz` of every vector that has a
 * `recipe.txt`, and the manifest of all vectors.
 *
 *     deno run -A conformance/vectors/build_vectors.ts [--check]
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { classesOf } from "./conformance_class.ts";
import type { Expected } from "./list_vectors.ts";
import { assemblePieces } from "./recipe.ts";
import type { RecipePiece } from "./recipe_output.ts";

/** The entry of one vector in the manifest. */
export interface ManifestEntry {
  /** Folder of the vector, relative to the manifest. */
  readonly path: string;
  /** The rules that it tests, from its `expected.json`. */
  readonly rules: readonly string[];
  /** The classes of SPEC.md 10.1 that it belongs to. */
  readonly classes: readonly string[];
  /** Where the file comes from. */
  readonly producer: "recipe" | "QEMU 10.0.2" | "libvirt 11.3.0";
  /** SHA-256 of the unpacked file, or of its pieces one after the other. */
  readonly sha256: string;
  /** Bytes of the unpacked file. */
  readonly byteLength: number;
  /** The pieces of a file too large for one; between them it is zero. */
  readonly pieces?: readonly {
    /** The packed piece. */
    readonly file: string;
    /** Its position in the unpacked file. */
    readonly offset: number;
  }[];
}

interface Vector {
  readonly path: string;
  readonly folder: string;
  readonly files: ReadonlySet<string>;
}

/** Name of the manifest in the conformance folder. */
export const MANIFEST_NAME = "manifest-1.2.json";

const VECTORS = dirname(fileURLToPath(import.meta.url));

/** Returns every folder below `vectors` that contains files, sorted by path. */
function listVectors(vectors: string): Vector[] {
  const found: Vector[] = [];
  function visit(folder: string): void {
    const entries = readdirSync(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    if (files.length > 0) {
      const path = relative(dirname(vectors), folder).replaceAll(sep, "/");
      found.push({ path, folder, files: new Set(files.map((f) => f.name)) });
    }
    for (const entry of entries) {
      if (entry.isDirectory()) visit(join(folder, entry.name));
    }
  }
  for (const kind of ["invalid", "libvirt", "qemu", "valid"]) {
    if (existsSync(join(vectors, kind))) visit(join(vectors, kind));
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

function unpack(
  { folder, files }: Vector,
  name: string,
): Uint8Array | undefined {
  return files.has(name)
    ? gunzipSync(readFileSync(join(folder, name)))
    : undefined;
}

/** Returns the name of the packed file of a piece. */
function pieceName(index: number): string {
  return index === 0 ? "snapshot.gz" : `snapshot-${index + 1}.gz`;
}

function pack(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes, { level: 9 });
  // Time and name are absent; the system is "unknown" (RFC 1952 2.3.1).
  packed[9] = 255;
  return packed;
}

/** Returns the file that a recipe describes, or the one that is there. */
function piecesOf(vector: Vector): readonly RecipePiece[] | undefined {
  if (vector.files.has("recipe.txt")) {
    return assemblePieces(join(vector.folder, "recipe.txt"));
  }
  const bytes = unpack(vector, "snapshot.gz");
  return bytes && [{ offset: 0, bytes }];
}

function manifestEntry(
  vector: Vector,
  pieces: readonly RecipePiece[],
): ManifestEntry {
  const hash = createHash("sha256");
  for (const { bytes } of pieces) hash.update(bytes);
  const [first] = pieces;
  const last = pieces[pieces.length - 1];
  const expected: Expected = JSON.parse(
    readFileSync(join(vector.folder, "expected.json"), "utf8"),
  );
  return {
    path: vector.path,
    rules: expected.rules,
    classes: classesOf(expected, first.bytes),
    producer: producerOf(vector),
    sha256: hash.digest("hex"),
    byteLength: last.offset + last.bytes.length,
    ...pieces.length === 1 ? {} : {
      pieces: pieces.map(({ offset }, index) => ({
        file: pieceName(index),
        offset,
      })),
    },
  };
}

function producerOf({ path, files }: Vector): ManifestEntry["producer"] {
  if (files.has("recipe.txt")) return "recipe";
  return path.startsWith("vectors/libvirt/") ? "libvirt 11.3.0" : "QEMU 10.0.2";
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}

/**
 * Checks every vector below `vectors` and, if `write` is true, updates
 * `snapshot.gz` and the manifest. Returns the differences and what was written,
 * as text. A
 * `snapshot.gz` that unpacks to the right bytes is not rewritten, so that
 * another release of zlib changes no file.
 */
function updateVectors(vectors: string, write: boolean): string[] {
  const differences: string[] = [];
  const entries: ManifestEntry[] = [];
  for (const vector of listVectors(vectors)) {
    const { files } = vector;
    if (!files.has("expected.json")) {
      differences.push(`${vector.path}/expected.json is missing`);
      continue;
    }
    if (files.has("recipe.txt") === files.has("command.txt")) {
      differences.push(
        `${vector.path} needs one of recipe.txt and command.txt`,
      );
      continue;
    }
    const pieces = piecesOf(vector);
    if (pieces === undefined) {
      differences.push(`${vector.path}/snapshot.gz is missing`);
      continue;
    }
    for (const [index, { bytes }] of pieces.entries()) {
      const name = pieceName(index);
      if (sameBytes(unpack(vector, name), bytes)) continue;
      const path = `${vector.path}/${name}`;
      if (write) writeFileSync(join(vector.folder, name), pack(bytes));
      differences.push(
        write ? `wrote ${path}` : `${path} differs from its recipe`,
      );
    }
    entries.push(manifestEntry(vector, pieces));
  }
  const manifestPath = join(dirname(vectors), MANIFEST_NAME);
  const manifest = JSON.stringify(entries, null, 2) + "\n";
  if (
    !existsSync(manifestPath) ||
    JSON.stringify(JSON.parse(readFileSync(manifestPath, "utf8"))) !==
      JSON.stringify(entries)
  ) {
    if (write) writeFileSync(manifestPath, manifest);
    differences.push(
      write
        ? `wrote ${MANIFEST_NAME}`
        : `${MANIFEST_NAME} differs from the vectors`,
    );
  }
  return differences;
}

/**
 * Updates every `snapshot.gz` and the manifest; returns what was written, and
 * what is wrong.
 */
export function buildVectors(vectors: string = VECTORS): string[] {
  return updateVectors(vectors, true);
}

/** Returns the differences, and changes nothing. */
export function checkVectors(vectors: string = VECTORS): string[] {
  return updateVectors(vectors, false);
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  const lines = check ? checkVectors() : buildVectors();
  for (const line of lines) console.log(line);
  const isWrong = lines.some((line) => !line.startsWith("wrote "));
  if (isWrong) process.exitCode = 1;
}
