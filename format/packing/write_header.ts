import { ByteWriter } from "../bytes/mod.ts";
import { FEATURE } from "../qcow2/qcow2_features.ts";
import { MAGIC } from "../qcow2/qcow2_header.ts";
import {
  BACKING_FORMAT,
  BACKING_NAME_MAX,
  type Qcow2Backing,
} from "../qcow2/qcow2_names.ts";
import { REFCOUNT_ORDER, type RefcountLayout } from "./refcounts.ts";

/** Length of the header with its compression type, padded to 8 bytes. */
const HEADER_LENGTH = 112;
const VERSION = 3;

/** What the header of a new image says. */
export interface NewQcow2 {
  /** Length in bytes of the disk: a multiple of 512. */
  readonly byteLength: number;
  readonly clusterBits: number;
  readonly compression: "zlib" | "zstd";
  readonly l1Offset: number;
  readonly l1Count: number;
  readonly refcounts: RefcountLayout;
  readonly backing: Omit<Qcow2Backing, "offset"> | undefined;
}

/**
 * Returns the bytes of the header of a new image of version 3.
 *
 * @throws {RangeError} if the name of the backing file is too long, or does not
 * fit into the first cluster
 */
export function writeQcow2Header(image: NewQcow2): Uint8Array {
  const { backing, clusterBits, refcounts } = image;
  const extensions = backing?.format === undefined
    ? new Uint8Array(8)
    : backingFormatExtension(backing.format);
  const name = new TextEncoder().encode(backing?.name ?? "");
  const nameOffset = HEADER_LENGTH + extensions.length;
  if (
    name.length > BACKING_NAME_MAX ||
    nameOffset + name.length > 2 ** clusterBits
  ) {
    throw new RangeError(
      `Cannot write a backing name of ${name.length} bytes: expected at most ` +
        `${Math.min(BACKING_NAME_MAX, 2 ** clusterBits - nameOffset)}`,
    );
  }
  const isZstd = image.compression === "zstd";
  return new ByteWriter()
    .be32(MAGIC)
    .be32(VERSION)
    .be64(backing === undefined ? 0 : nameOffset)
    .be32(name.length)
    .be32(clusterBits)
    .be64(image.byteLength)
    .be32(0) // crypt_method
    .be32(image.l1Count)
    .be64(image.l1Offset)
    .be64(refcounts.tableOffset)
    .be32(refcounts.tableClusters)
    .be32(0) // nb_snapshots
    .be64(0) // snapshots_offset
    .be64(isZstd ? FEATURE.compressionType : 0n)
    .be64(0) // compatible_features
    .be64(0) // autoclear_features
    .be32(REFCOUNT_ORDER)
    .be32(HEADER_LENGTH)
    .u8(isZstd ? 1 : 0)
    .bytes(new Uint8Array(HEADER_LENGTH - 105))
    .bytes(extensions)
    .bytes(name)
    .finish();
}

/** Returns the extension of a backing format, and the end of all extensions. */
function backingFormatExtension(format: string): Uint8Array {
  const text = new TextEncoder().encode(format);
  return new ByteWriter()
    .be32(BACKING_FORMAT)
    .be32(text.length)
    .bytes(text)
    .bytes(new Uint8Array((8 - text.length % 8) % 8))
    .be64(0)
    .finish();
}
