/**
 * The header of a qcow2 image: big-endian fields, extensions, and the name of
 * the backing file, all in the first cluster.
 *
 * @module
 */

import { ByteReader, type Walk, type WalkedFile } from "../bytes/mod.ts";
import { hex } from "../rules/mod.ts";
import { type Features, readFeatures } from "./qcow2_features.ts";
import { type Qcow2Backing, readNames } from "./qcow2_names.ts";
import { checkTables } from "./check_tables.ts";

/** The first four bytes: `QFI\xfb`. */
export const MAGIC = 0x514649fb;
/** Version 1, an unrelated format, has the same magic. */
const VERSIONS = [2, 3];
/** Length of the header of version 2. */
const V2_LENGTH = 72;
/**
 * Bytes that are read first. QEMU writes extensions and names directly after
 * the header; only if they are elsewhere is the whole first cluster read.
 */
const AREA_LENGTH = 0x10000;
const CLUSTER_BITS_MIN = 9;
const CLUSTER_BITS_MAX = 21;
/** A cluster has 32 subclusters, of at least 512 bytes. */
const SUBCLUSTER_BITS_MIN = 14;
/** QEMU rounds the size down to whole sectors. */
const SECTOR = 512;

/** What a header says. */
export interface Qcow2Header {
  /** 2 or 3. */
  readonly version: number;
  /** Length in bytes of the disk that the image holds, a multiple of 512. */
  readonly byteLength: number;
  /** log2 of the length of a cluster, from 9 to 21. */
  readonly clusterBits: number;
  /** How compressed clusters are packed. */
  readonly compression: "zlib" | "zstd";
  /** Whether clusters have 32 subclusters each. */
  readonly hasSubclusters: boolean;
  /** Position of the L1 table in bytes. */
  readonly l1Offset: number;
  /** Number of entries of the L1 table that the disk needs. */
  readonly l1Count: number;
  /** Where the clusters are that are not in the image. */
  readonly backing: Qcow2Backing | undefined;
  /** Whether a program had the image open and did not close it. */
  readonly isDirty: boolean;
}

/** Whether these first bytes of a file are those of a qcow2 image. */
export function isQcow2(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint32(0) === MAGIC;
}

/**
 * Reads the header of a qcow2 image.
 *
 * @throws {FormatError} if it breaks a rule
 * @throws {UnsupportedError} if the image is encrypted, keeps its data in
 * another file, or has an unknown version or feature
 */
export function* readQcow2Header(file: WalkedFile): Walk<Qcow2Header> {
  const length = Math.min(AREA_LENGTH, file.byteLength);
  return yield* headerFrom(file, yield { offset: 0, length });
}

/** Reads the header from the first bytes of a file, or from more of them. */
export function* headerFrom(
  file: WalkedFile,
  start: Uint8Array,
): Walk<Qcow2Header> {
  const fields = readFields(file, new ByteReader(file.name, start));
  const { clusterBits, features } = fields;
  const cluster = Math.min(2 ** clusterBits, file.byteLength);
  const place = { ...fields.backing, start: features.headerLength };
  const names = readNames(file.name, start, { ...place, end: cluster }) ??
    readNames(file.name, yield { offset: 0, length: cluster }, {
      ...place,
      end: cluster,
    });
  return {
    version: fields.version,
    byteLength: fields.size,
    clusterBits,
    compression: features.compression,
    hasSubclusters: features.hasSubclusters,
    l1Offset: fields.l1Offset,
    l1Count: fields.l1Count,
    backing: names?.backing,
    isDirty: features.isDirty,
  };
}

interface Fields {
  readonly version: number;
  readonly backing: { readonly offset: number; readonly length: number };
  readonly clusterBits: number;
  readonly size: number;
  readonly l1Offset: number;
  readonly l1Count: number;
  readonly features: Features;
}

/** Reads the fields in the order of the file, and checks each. */
function readFields(file: WalkedFile, reader: ByteReader): Fields {
  const version = readVersion(reader);
  const backing = {
    offset: reader.be64("backing_file_offset"),
    length: reader.be32("backing_file_size"),
  };
  const clusterBits = readClusterBits(reader);
  const size = readSize(reader);
  readEncryption(reader);
  const l1 = {
    count: reader.be32("l1_size"),
    offset: reader.be64("l1_table_offset"),
  };
  const refcounts = {
    offset: reader.be64("refcount_table_offset"),
    clusters: reader.be32("refcount_table_clusters"),
  };
  const snapshots = {
    count: reader.be32("nb_snapshots"),
    offset: reader.be64("snapshots_offset"),
  };
  const features: Features = version === 2
    ? {
      headerLength: V2_LENGTH,
      compression: "zlib",
      hasSubclusters: false,
      isDirty: false,
    }
    : readFeatures(reader, 2 ** clusterBits);
  if (features.hasSubclusters && clusterBits < SUBCLUSTER_BITS_MIN) {
    throw reader.formatError("qcow2-cluster-bits", {
      offset: 20,
      found: `cluster_bits is ${clusterBits}, with subclusters`,
      expected: `at least ${SUBCLUSTER_BITS_MIN}`,
    });
  }
  const disk = { size, clusterBits, hasSubclusters: features.hasSubclusters };
  const l1Count = checkTables(file, disk, { l1, refcounts, snapshots });
  return {
    version,
    backing,
    clusterBits,
    size,
    l1Offset: l1.offset,
    l1Count,
    features,
  };
}

function readVersion(reader: ByteReader): number {
  const magic = reader.be32("magic");
  if (magic !== MAGIC) {
    throw reader.formatError("qcow2-magic", {
      offset: 0,
      found: `magic ${hex(magic)}`,
      expected: hex(MAGIC),
    });
  }
  const version = reader.be32("version");
  if (VERSIONS.includes(version)) return version;
  throw reader.unsupportedError("qcow2-version", {
    feature: `version ${version} of qcow2`,
    offset: 4,
    found: `version ${version}`,
    expected: "2 or 3",
  });
}

function readClusterBits(reader: ByteReader): number {
  const { offset } = reader;
  const bits = reader.be32("cluster_bits");
  if (bits >= CLUSTER_BITS_MIN && bits <= CLUSTER_BITS_MAX) return bits;
  throw reader.formatError("qcow2-cluster-bits", {
    offset,
    found: `cluster_bits is ${bits}`,
    expected: `${CLUSTER_BITS_MIN} to ${CLUSTER_BITS_MAX}`,
  });
}

function readSize(reader: ByteReader): number {
  const { offset } = reader;
  const size = reader.be64("size");
  if (size % SECTOR === 0) return size;
  throw reader.formatError("qcow2-size", {
    offset,
    found: `size is ${size}`,
    expected: `a multiple of ${SECTOR}`,
  });
}

function readEncryption(reader: ByteReader): void {
  const { offset } = reader;
  const method = reader.be32("crypt_method");
  if (method === 0) return;
  throw reader.unsupportedError("qcow2-encrypted", {
    feature: "an encrypted image",
    offset,
    found: `crypt_method is ${method}`,
    expected: "0; qemu-img convert decrypts an image",
  });
}
