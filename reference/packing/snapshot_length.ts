import { alignUp } from "../../format/bitmap/mod.ts";
import { FormatError } from "../../format/rules/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import { isZero } from "../pages/mod.ts";
import { type ReadOptions, SourceError } from "../sources/mod.ts";

/** The disk of an image is a whole number of sectors. */
const SECTOR = 512;

/**
 * Returns the length of the file of a snapshot that is, or will be, on the disk
 * of an image, which is a whole number of sectors of 512 bytes: where its stream
 * ends, if less than a sector of zeros follows, else the length of the disk.
 */
export async function snapshotLength(
  snapshot: Snapshot,
  options?: ReadOptions,
): Promise<number> {
  const { source } = snapshot;
  const { byteLength } = source;
  const diskLength = alignUp(byteLength, SECTOR);
  const end = await streamEnd(snapshot, options);
  if (end === undefined || diskLength - end >= SECTOR) return diskLength;
  const rest = new Uint8Array(Math.max(0, byteLength - end));
  await source.readInto(rest, byteLength - rest.length, options);
  return isZero(rest) ? end : diskLength;
}

/**
 * Refuses a file whose length could not be told from an image of it.
 *
 * @throws {SourceError} if `snapshotLength` would be another one
 */
export async function checkExact(
  snapshot: Snapshot,
  options?: ReadOptions,
): Promise<void> {
  const { name, byteLength } = snapshot.source;
  const length = await snapshotLength(snapshot, options);
  if (length === byteLength) return;
  throw new SourceError(
    name,
    `Cannot pack ${
      JSON.stringify(name)
    } exactly: it has ${byteLength} bytes, ` +
      `and a file of ${length} would come back, expected a file that ends ` +
      "where its stream ends, or after a whole number of sectors",
  );
}

/** Returns the end of the stream; undefined if only a vmdesc would tell. */
async function streamEnd(
  snapshot: Snapshot,
  options?: ReadOptions,
): Promise<number | undefined> {
  try {
    const { vmdesc, end } = await snapshot.deviceState(options);
    return vmdesc === undefined ? undefined : end;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
