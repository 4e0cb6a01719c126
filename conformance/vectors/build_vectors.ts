/**
 * Builds the generated files: `snapshot.gz` of every vector that has a
 * `recipe.txt`, and the manifest of all vectors.
 *
 *     deno run -A conformance/vectors/build_vectors.ts [--check]
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  backingNames,
  expectedOf,
  type ManifestEntry,
  manifestEntry,
  pieceName,
  SIDECAR_RECIPE,
  type VectorFolder,
} from "./manifest_entry.ts";
import { assemblePieces } from "./recipe.ts";
import type { RecipePiece } from "./recipe_output.ts";
import { sealDifferences, sidecarOf } from "./sidecar_recipe.ts";

/** The folders of vectors. */
const VECTOR_FOLDERS = [
  ...["invalid", "libvirt", "packed", "qemu", "valid", "verity"],
];
/** The packed sidecar of a verified file. */
const SIDECAR = "sidecar.gz";

/** Name of the manifest in the conformance folder. */
export const MANIFEST_NAME = "manifest-1.2.json";

const VECTORS = dirname(fileURLToPath(import.meta.url));

/** Returns every folder below `vectors` that contains files, sorted by path. */
function listVectors(vectors: string): VectorFolder[] {
  const found: VectorFolder[] = [];
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
  for (const kind of VECTOR_FOLDERS) {
    if (existsSync(join(vectors, kind))) visit(join(vectors, kind));
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

function unpack(
  { folder, files }: VectorFolder,
  name: string,
): Uint8Array | undefined {
  return files.has(name)
    ? gunzipSync(readFileSync(join(folder, name)))
    : undefined;
}

function pack(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes, { level: 9 });
  // Time and name are absent; the system is "unknown" (RFC 1952 2.3.1).
  packed[9] = 255;
  return packed;
}

/** Returns the file that a recipe describes, or the one that is there. */
function piecesOf(vector: VectorFolder): readonly RecipePiece[] | undefined {
  if (vector.files.has("recipe.txt")) {
    return assemblePieces(join(vector.folder, "recipe.txt"));
  }
  const bytes = unpack(vector, "snapshot.gz");
  return bytes && [{ offset: 0, bytes }];
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
    const sealed = files.has(SIDECAR_RECIPE)
      ? sidecarOf(join(vector.folder, SIDECAR_RECIPE))
      : undefined;
    const packed: readonly (readonly [string, Uint8Array])[] = [
      ...pieces.map(({ bytes }, index) => [pieceName(index), bytes] as const),
      ...sealed === undefined ? [] : [[SIDECAR, sealed.bytes] as const],
    ];
    for (const [name, bytes] of packed) {
      if (sameBytes(unpack(vector, name), bytes)) continue;
      const path = `${vector.path}/${name}`;
      if (write) writeFileSync(join(vector.folder, name), pack(bytes));
      differences.push(
        write ? `wrote ${path}` : `${path} differs from its recipe`,
      );
    }
    if (sealed !== undefined) {
      differences.push(
        ...sealDifferences(vector.folder, expectedOf(vector), sealed.digest)
          .map((it) => `${vector.path}/expected.json: ${it}`),
      );
    } else if (files.has(SIDECAR_RECIPE) && !files.has(SIDECAR)) {
      differences.push(
        `${vector.path}/${SIDECAR} is missing, and so is fsverity`,
      );
    }
    const sidecar = sealed?.bytes ?? unpack(vector, SIDECAR);
    const backing = backingNames(vector).map((file) => {
      const bytes = unpack(vector, file) ?? new Uint8Array(0);
      return { file, bytes };
    });
    entries.push(manifestEntry(vector, pieces, { sidecar, backing }));
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
