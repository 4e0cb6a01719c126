import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { classesOf } from "./conformance_class.ts";
import type { Expected } from "./list_vectors.ts";
import type { RecipePiece } from "./recipe_output.ts";

/** The entry of one vector in the manifest. */
export interface ManifestEntry {
  /** Folder of the vector, relative to the manifest. */
  readonly path: string;
  /** The rules that it tests, from its `expected.json`. */
  readonly rules: readonly string[];
  /** The classes of SPEC.md 10.1 that it belongs to. */
  readonly classes: readonly string[];
  /** Where the file comes from; of a verified file, where its sidecar does. */
  readonly producer:
    | "recipe"
    | "QEMU 10.0.2"
    | "qemu-img 10.0.2"
    | "libvirt 11.3.0"
    | "fsverity 1.5";
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
  /** The backing files of an image. */
  readonly backing?: readonly {
    /** The packed file; its name without `.gz` is that in the image. */
    readonly file: string;
    /** SHA-256 of the unpacked file. */
    readonly sha256: string;
  }[];
  /** The sidecar of a verified file. */
  readonly sidecar?: {
    /** SHA-256 of the unpacked sidecar. */
    readonly sha256: string;
    /** Bytes of the unpacked sidecar. */
    readonly byteLength: number;
  };
}

/** The backing files of an image, packed. */
const BACKING = /^(?!snapshot(?:-\d+)?\.|sidecar\.).*\.gz$/;

/** The folder of a vector, and the names of its files. */
export interface VectorFolder {
  /** Its path, relative to the manifest. */
  readonly path: string;
  readonly folder: string;
  readonly files: ReadonlySet<string>;
}

/** Name of the recipe of a sidecar. */
export const SIDECAR_RECIPE = "sidecar.txt";

/** Returns the name of the packed file of a piece. */
export function pieceName(index: number): string {
  return index === 0 ? "snapshot.gz" : `snapshot-${index + 1}.gz`;
}

/** Returns the packed backing files of an image, sorted. */
export function backingNames({ files }: VectorFolder): string[] {
  return [...files].filter((name) => BACKING.test(name)).sort();
}

/** Returns the expected result of a vector. */
export function expectedOf({ folder }: VectorFolder): Expected {
  return JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
}

/** Makes the entry of a vector. */
export function manifestEntry(
  vector: VectorFolder,
  pieces: readonly RecipePiece[],
  { sidecar, backing }: {
    readonly sidecar: Uint8Array | undefined;
    readonly backing: readonly {
      readonly file: string;
      readonly bytes: Uint8Array;
    }[];
  },
): ManifestEntry {
  const hash = createHash("sha256");
  for (const { bytes } of pieces) hash.update(bytes);
  const [first] = pieces;
  const last = pieces[pieces.length - 1];
  const expected = expectedOf(vector);
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
    ...backing.length === 0 ? {} : {
      backing: backing.map(({ file, bytes }) => ({
        file,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      })),
    },
    ...sidecar === undefined ? {} : {
      sidecar: {
        sha256: createHash("sha256").update(sidecar).digest("hex"),
        byteLength: sidecar.length,
      },
    },
  };
}

function producerOf({ path, files }: VectorFolder): ManifestEntry["producer"] {
  if (files.has(SIDECAR_RECIPE)) return "fsverity 1.5";
  if (files.has("recipe.txt")) return "recipe";
  if (path.startsWith("vectors/packed/")) return "qemu-img 10.0.2";
  return path.startsWith("vectors/libvirt/") ? "libvirt 11.3.0" : "QEMU 10.0.2";
}
