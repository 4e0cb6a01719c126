import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import { saveRunning } from "../qemu/counting_guest.ts";
import type { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { MACHINE } from "./read_guest_pages.ts";

const BLOCK = 4096;

/**
 * A guest that QEMU saved as "saved", with the sidecar that `fsverity` made, and
 * its program "guest.bin".
 */
export interface SealedGuest {
  readonly path: string;
  /** The digest of the snapshot. */
  readonly digest: string;
  /** SHA-256 of a page of its memory. */
  hashOf(page: number): string;
  /** Where that page is in the file. */
  placeOf(page: number): number;
}

/** Saves a guest, and seals it. */
export async function sealedGuest(
  scratch: ScratchDirectory,
): Promise<SealedGuest> {
  await saveRunning(MACHINE, scratch);
  const path = scratch.file("saved");
  const digest = seal(path);
  using source = openFileSource(path);
  const block = openSnapshotSync(source).block("pc.ram");
  const { pagesOffset, usedLength } = block;
  const memory = block.readRangeSync({ offset: 0, length: usedLength });
  return {
    path,
    digest,
    hashOf(page) {
      const bytes = memory.subarray(page * BLOCK, (page + 1) * BLOCK);
      return createHash("sha256").update(bytes).digest("hex");
    },
    placeOf: (page) => pagesOffset + page * BLOCK,
  };
}

/** Makes the sidecar of a file, and returns its digest. */
function seal(path: string): string {
  const [descriptorPath, treePath] = [`${path}.descriptor`, `${path}.tree`];
  const text = execFileSync("fsverity", [
    ...["digest", path, `--out-descriptor=${descriptorPath}`],
    `--out-merkle-tree=${treePath}`,
  ], { encoding: "utf8" });
  const descriptor = Buffer.alloc(BLOCK);
  descriptor.set(readFileSync(descriptorPath));
  const tree = readFileSync(treePath);
  writeFileSync(`${path}.verity`, Buffer.concat([descriptor, tree]));
  return text.split(" ")[0] ?? "";
}
