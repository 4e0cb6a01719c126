import { Buffer } from "node:buffer";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { SPEC_VERSION } from "../../mod.ts";
import type { ConformanceClass } from "../vectors/conformance_class.ts";
import type { Expected } from "../vectors/list_vectors.ts";

/** A vector of the manifest. */
export interface SuiteVector {
  /** Its folder, relative to the manifest. */
  readonly path: string;
  readonly expected: Expected;
  /** The classes that it belongs to. */
  readonly classes: readonly ConformanceClass[];
  /** The file of its working-set profile, if it has one. */
  readonly profile?: string;
  /** Writes the snapshot to a file, with holes for zeros. */
  readonly unpackTo: (file: string) => void;
  /** Writes the backing files of an image, if it has some, to a folder. */
  readonly unpackBackingTo?: (folder: string) => string[];
  /** Writes the sidecar of a verified file to another, if it has one. */
  readonly unpackSidecarTo?: (file: string) => void;
}

const MANIFEST = new URL(`../manifest-${SPEC_VERSION}.json`, import.meta.url);
/** A packed piece of a snapshot, and its position. */
interface Piece {
  readonly file: string;
  readonly offset: number;
}

const WHOLE: readonly Piece[] = [{ file: "snapshot.gz", offset: 0 }];
const HOLE = Buffer.alloc(2 ** 16);

/**
 * Returns the vectors of this version of SPEC.md, in the order of the manifest.
 */
export function suiteVectors(): SuiteVector[] {
  const entries = JSON.parse(readFileSync(MANIFEST, "utf8")) as {
    readonly path: string;
    readonly classes: readonly ConformanceClass[];
    readonly byteLength: number;
    readonly pieces?: readonly Piece[];
    readonly sidecar?: object;
    readonly backing?: readonly { readonly file: string }[];
  }[];
  return entries.map((entry) => {
    const { path, classes, byteLength, pieces = WHOLE, sidecar } = entry;
    const folder = new URL(`../${path}/`, import.meta.url);
    const profile = fileURLToPath(new URL("profile.txt", folder));
    return {
      path,
      classes,
      ...existsSync(profile) ? { profile } : {},
      expected: JSON.parse(
        readFileSync(new URL("expected.json", folder), "utf8"),
      ),
      unpackTo: (path) => {
        const unpacked = pieces.map(({ file, offset }) => {
          const packed = new URL(file, folder);
          return { offset, bytes: gunzipSync(readFileSync(packed)) };
        });
        writeSparse(path, unpacked, byteLength);
      },
      ...entry.backing === undefined ? {} : {
        unpackBackingTo: (target) =>
          entry.backing?.map(({ file }) => {
            const path = join(target, file.slice(0, -".gz".length));
            writeFileSync(
              path,
              gunzipSync(readFileSync(new URL(file, folder))),
            );
            return path;
          }) ?? [],
      },
      ...sidecar === undefined ? {} : {
        unpackSidecarTo: (path) => {
          const packed = readFileSync(new URL("sidecar.gz", folder));
          writeFileSync(path, gunzipSync(packed));
        },
      },
    };
  });
}

function writeSparse(
  file: string,
  pieces: readonly { readonly offset: number; readonly bytes: Buffer }[],
  byteLength: number,
): void {
  const handle = openSync(file, "w");
  try {
    ftruncateSync(handle, byteLength);
    for (const { offset, bytes } of pieces) writeAt(handle, bytes, offset);
  } finally {
    closeSync(handle);
  }
}

function writeAt(handle: number, bytes: Buffer, offset: number): void {
  for (let at = 0; at < bytes.length; at += HOLE.length) {
    const part = bytes.subarray(at, at + HOLE.length);
    if (HOLE.subarray(0, part.length).equals(part)) continue;
    for (let done = 0; done < part.length;) {
      const place = offset + at + done;
      done += writeSync(handle, part, done, part.length - done, place);
    }
  }
}
