import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecipePiece } from "./recipe_output.ts";

/** What the `fsverity` tool makes of a file. */
export interface SealedFile {
  /** As it prints it: `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** The descriptor of 256 bytes. */
  readonly descriptor: Uint8Array;
  /** The Merkle tree. */
  readonly tree: Uint8Array;
}

/** Whether the `fsverity` tool of fsverity-utils is installed. */
export const HAS_FSVERITY: boolean =
  spawnSync("fsverity", ["--version"]).status === 0;

/** Runs `fsverity digest` on a file in pieces, with zeros between them. */
export function sealPieces(
  pieces: readonly RecipePiece[],
  args: readonly string[],
): SealedFile {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-fsverity-"));
  const at = (name: string) => join(folder, name);
  try {
    const file = openSync(at("data"), "w");
    for (const { offset, bytes } of pieces) {
      ftruncateSync(file, offset + bytes.length);
      for (let done = 0; done < bytes.length;) {
        const left = bytes.length - done;
        done += writeSync(file, bytes, done, left, offset + done);
      }
    }
    closeSync(file);
    const printed = execFileSync("fsverity", [
      ...["digest", "--compact", at("data"), ...args],
      ...[`--out-descriptor=${at("descriptor")}`],
      ...[`--out-merkle-tree=${at("tree")}`],
    ], { encoding: "utf8" });
    return {
      digest: `sha256:${printed.trim()}`,
      descriptor: readFileSync(at("descriptor")),
      tree: readFileSync(at("tree")),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
