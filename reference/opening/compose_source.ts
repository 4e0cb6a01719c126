import { alignUp } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import type { Qcow2Backing } from "../../format/qcow2/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  shownName,
  SourceError,
} from "../sources/mod.ts";
import type { Qcow2Source } from "../qcow2/mod.ts";
import type { VerifiedSource } from "../verity/mod.ts";

/** Makes sources of one kind: to be read synchronously, or not. */
export interface SourceMaker<S extends ByteSource> {
  /** Returns the disk in an image; `refuse` is called for a backing file. */
  openDisk(image: S, refuse?: RefuseBacking): Promise<S & Qcow2Source>;
  /** Returns a source that checks another one. */
  check(source: S, checking: Checking<S>): Promise<S & VerifiedSource>;
  /** Returns a part of a source. */
  slice(source: S, range: ByteRange): S;
}

/** Throws for a backing file. */
export type RefuseBacking = (backing: Qcow2Backing, image: ByteSource) => never;

/** What a source is checked against. */
export interface Checking<S extends ByteSource> {
  readonly digest: string;
  /** The sidecar. */
  readonly tree: S;
}

/** The source of an input, and what checks everything that it reads. */
export interface ComposedSource<S extends ByteSource> {
  readonly source: S;
  readonly verified: (S & VerifiedSource) | undefined;
  /** The disk in the file if that is an image. */
  readonly disk: (S & Qcow2Source) | undefined;
}

/** The disk of an image is a whole number of sectors. */
const SECTOR = 512;
/** Bytes by which an image is recognized. */
const MAGIC_LENGTH = 4;

/**
 * Returns the bytes of a file or, if it is a qcow2 image, of the disk in it. The
 * digest is that of the image or of the file on its disk: their lengths differ,
 * and the digest proves the length.
 */
export async function composeSource<S extends ByteSource>(
  file: S,
  { make, checking, asIs = false, signal }: ReadOptions & {
    readonly make: SourceMaker<S>;
    readonly checking: Checking<S> | undefined;
    /** Whether to take the bytes of an image as they are. */
    readonly asIs?: boolean | undefined;
  },
): Promise<ComposedSource<S>> {
  const isImage = !asIs && await startsAsImage(file, { signal });
  if (checking === undefined) {
    const disk = isImage ? await make.openDisk(file) : undefined;
    return { source: disk ?? file, verified: undefined, disk };
  }
  if (isImage) {
    const { sealedLength } = await import("../verity/mod.ts");
    const { digest, tree } = checking;
    const length = await sealedLength(tree, { digest, signal });
    if (length !== file.byteLength) {
      const disk = await make.openDisk(file);
      const packed = make.slice(disk, fileOn(disk, length));
      const verified = await make.check(packed, checking);
      return { source: verified, verified, disk };
    }
  }
  const verified = await make.check(file, checking);
  const disk = isImage
    ? await make.openDisk(verified, refuseUnchecked)
    : undefined;
  return { source: disk ?? verified, verified, disk };
}

/** Whether the first bytes of a file are those of a qcow2 image. */
export async function startsAsImage(
  file: ByteSource,
  { signal }: ReadOptions,
): Promise<boolean> {
  const magic = new Uint8Array(Math.min(MAGIC_LENGTH, file.byteLength));
  await file.readInto(magic, 0, { signal });
  // Only what may be an image is worth loading what knows images.
  if (magic.at(-1) !== 0xfb) return false;
  const { isQcow2 } = await import("../../format/qcow2/mod.ts");
  return isQcow2(magic);
}

/**
 * Returns where on a disk the file is that a digest is of; all of the disk if
 * that has another length, which the check then refuses.
 */
function fileOn({ byteLength }: ByteSource, length: number): ByteRange {
  const isThere = alignUp(length, SECTOR) === byteLength;
  return { offset: 0, length: isThere ? length : byteLength };
}

/** The digest of an image proves nothing about its backing files. */
function refuseUnchecked({ name }: Qcow2Backing, image: ByteSource): never {
  throw new SourceError(
    image.name,
    `Cannot check ${JSON.stringify(image.name)}: the digest of this image ` +
      "proves nothing about its backing file " +
      `${JSON.stringify(shownName(name))}; expected the digest of the file ` +
      "that was packed with --exact, and the hashes of that",
  );
}
