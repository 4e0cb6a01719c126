import { rangeEnd } from "../../../format/bytes/mod.ts";
import { findShortBase, type ShortBase, shortestEnd } from "../../qcow2/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  shownName,
  SourceError,
} from "../../sources/mod.ts";

/** Maximum bytes from where a rule is broken to the bytes that are missing. */
const NEAR = 512;

/**
 * Returns what is wrong if the bytes of a disk at an offset are missing in a
 * backing file, which was cut off.
 */
export async function adviceOnShortBase(
  disk: ByteSource,
  offset: number,
  options?: ReadOptions,
): Promise<string | undefined> {
  const rest = { offset, length: disk.byteLength - offset };
  const found = await findShortBase(disk, rest, options);
  // What is refused may start before the bytes that are missing.
  const isNear = found !== undefined && found.missing.offset < offset + NEAR;
  return isNear ? reasonOf(found) : undefined;
}

/**
 * Refuses a snapshot in an image with a backing file that ends before the last
 * place of a page: pages of the guest would be zero.
 *
 * @throws {SourceError} if there is such a file
 */
export async function checkBases(
  disk: ByteSource,
  { blocks, source: { name } }: Snapshot,
  options?: ReadOptions,
): Promise<void> {
  let end = 0;
  for (const { ignored, pagesOffset, usedLength } of blocks) {
    if (!ignored) end = Math.max(end, pagesOffset + usedLength);
  }
  const offset = shortestEnd(disk);
  const range = { offset, length: end - offset };
  const found = await findShortBase(disk, range, options);
  if (found === undefined) return;
  const message = `Cannot read ${JSON.stringify(name)}: ${reasonOf(found)}`;
  throw new SourceError(name, message);
}

function reasonOf({ base, missing }: ShortBase): string {
  return `its backing file ${JSON.stringify(shownName(base.name))} has ` +
    `${base.byteLength} bytes, expected at least ${rangeEnd(missing)}, which ` +
    "the image takes from it; it was cut off, or is another file";
}
