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
import { assembleRecipe } from "./recipe.ts";

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
  /** SHA-256 of the unpacked file. */
  readonly sha256: string;
  /** Bytes of the unpacked file. */
  readonly byteLength: number;
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

function unpack({ folder, files }: Vector): Uint8Array | undefined {
  return files.has("snapshot.gz")
    ? gunzipSync(readFileSync(join(folder, "snapshot.gz")))
    : undefined;
}

function pack(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes, { level: 9 });
  // Time and name are absent; the system is "unknown" (RFC 1952 2.3.1).
  packed[9] = 255;
  return packed;
}

function manifestEntry(vector: Vector, bytes: Uint8Array): ManifestEntry {
  const expected: Expected = JSON.parse(
    readFileSync(join(vector.folder, "expected.json"), "utf8"),
  );
  return {
    path: vector.path,
    rules: expected.rules,
    classes: classesOf(expected, bytes),
    producer: producerOf(vector),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    byteLength: bytes.length,
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
    const stored = unpack(vector);
    const bytes = files.has("recipe.txt")
      ? assembleRecipe(join(vector.folder, "recipe.txt"))
      : stored;
    if (bytes === undefined) {
      differences.push(`${vector.path}/snapshot.gz is missing`);
      continue;
    }
    if (!sameBytes(stored, bytes)) {
      const path = `${vector.path}/snapshot.gz`;
      if (write) writeFileSync(join(vector.folder, "snapshot.gz"), pack(bytes));
      differences.push(
        write ? `wrote ${path}` : `${path} differs from its recipe`,
      );
    }
    entries.push(manifestEntry(vector, bytes));
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
