import type { ByteReader } from "../bytes/mod.ts";

/** Minimum length of the header of version 3. */
const V3_LENGTH = 104;
/** Maximum of refcount_order: counts of 64 bits. */
const REFCOUNT_ORDER_MAX = 6;

/** Bits of incompatible_features; the reader knows no others. */
export const FEATURE = {
  dirty: 0x1n,
  corrupt: 0x2n,
  externalData: 0x4n,
  compressionType: 0x8n,
  extendedL2: 0x10n,
} as const;
const FEATURES_KNOWN = 0x1fn;
/** Bit 1 of autoclear_features: the other file of the data is raw. */
const RAW_DATA = 0x2n;

const COMPRESSIONS = ["zlib", "zstd"] as const;

/** What the fields of version 3 say. */
export interface Features {
  readonly headerLength: number;
  readonly compression: "zlib" | "zstd";
  readonly hasSubclusters: boolean;
  readonly isDirty: boolean;
}

/** Reads the fields from incompatible_features on, and checks them. */
export function readFeatures(
  reader: ByteReader,
  clusterSize: number,
): Features {
  const bits = readIncompatible(reader);
  reader.be64BigInt("compatible_features");
  readAutoclear(reader);
  readRefcountOrder(reader);
  const headerLength = readHeaderLength(reader, clusterSize);
  const compression = readCompression(reader, {
    headerLength,
    isAnnounced: (bits & FEATURE.compressionType) !== 0n,
  });
  return {
    headerLength,
    compression,
    hasSubclusters: (bits & FEATURE.extendedL2) !== 0n,
    isDirty: (bits & FEATURE.dirty) !== 0n,
  };
}

function readIncompatible(reader: ByteReader): bigint {
  const { offset } = reader;
  const bits = reader.be64BigInt("incompatible_features");
  const found = `incompatible_features is 0x${bits.toString(16)}`;
  if ((bits & FEATURE.corrupt) !== 0n) {
    throw reader.formatError("qcow2-corrupt", {
      offset,
      found: `${found}: the image is marked corrupt`,
      expected: "no such mark; qemu-img check -r all repairs an image",
    });
  }
  if ((bits & FEATURE.externalData) !== 0n) {
    throw reader.unsupportedError("qcow2-data-file", {
      feature: "data in another file",
      offset,
      found: `${found}: the data is in another file`,
      expected: "data in the image; qemu-img convert writes such an image",
    });
  }
  if ((bits & ~FEATURES_KNOWN) === 0n) return bits;
  throw reader.unsupportedError("qcow2-features", {
    feature: found,
    offset,
    found,
    expected: `no bits but 0x${FEATURES_KNOWN.toString(16)}`,
  });
}

function readAutoclear(reader: ByteReader): void {
  const { offset } = reader;
  const bits = reader.be64BigInt("autoclear_features");
  if ((bits & RAW_DATA) === 0n) return;
  throw reader.formatError("qcow2-data-file", {
    offset,
    found: `autoclear_features is 0x${bits.toString(16)}: another file is raw`,
    expected: "no such bit without data in another file",
  });
}

function readRefcountOrder(reader: ByteReader): void {
  const { offset } = reader;
  const order = reader.be32("refcount_order");
  if (order <= REFCOUNT_ORDER_MAX) return;
  throw reader.formatError("qcow2-refcount-table", {
    offset,
    found: `refcount_order is ${order}`,
    expected: `at most ${REFCOUNT_ORDER_MAX}`,
  });
}

function readHeaderLength(reader: ByteReader, clusterSize: number): number {
  const { offset } = reader;
  const length = reader.be32("header_length");
  const max = Math.min(clusterSize, offset + 4 + reader.available);
  if (length >= V3_LENGTH && length % 8 === 0 && length <= max) return length;
  throw reader.formatError("qcow2-header-length", {
    offset,
    found: `header_length is ${length}`,
    expected: `a multiple of 8 from ${V3_LENGTH} to ${max}`,
  });
}

function readCompression(
  reader: ByteReader,
  { headerLength, isAnnounced }: {
    readonly headerLength: number;
    readonly isAnnounced: boolean;
  },
): Features["compression"] {
  const { offset } = reader;
  const type = headerLength > V3_LENGTH ? reader.u8("compression_type") : 0;
  const found = `compression_type is ${type}`;
  if (isAnnounced !== (type > 0)) {
    throw reader.formatError("qcow2-compression", {
      offset,
      found: `${found}, ${
        isAnnounced ? "" : "not "
      }announced in incompatible_features`,
      expected: "0 if it is not announced, and otherwise another",
    });
  }
  const compression = COMPRESSIONS.at(type);
  if (compression !== undefined) return compression;
  throw reader.unsupportedError("qcow2-compression", {
    feature: found,
    offset,
    found,
    expected: "0, zlib, or 1, zstd",
  });
}
