import { sealBytes } from "../../testing/sealed_bytes.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

/** A file with its sidecar beside it. */
export interface SealedFile {
  readonly path: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** Writes a file and its sidecar to a directory. */
export function writeSealed(
  scratch: ScratchDirectory,
  name: string,
  bytes: Uint8Array,
): SealedFile {
  const { sidecar, digest } = sealBytes(bytes);
  scratch.write(`${name}.verity`, sidecar);
  return { path: scratch.write(name, bytes), digest, bytes };
}

/** Flips a bit in the blocks of a file from a byte on, up to another. */
export function damage(
  scratch: ScratchDirectory,
  name: string,
  { from, until }: { readonly from: number; readonly until?: number },
): void {
  const bytes = scratch.read(name);
  for (let at = from; at < (until ?? bytes.length); at += 4096) bytes[at] ^= 1;
  scratch.write(name, bytes);
}
