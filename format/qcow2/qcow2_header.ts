/**
 * The header of a qcow2 image: big-endian fields, extensions, and the name of
 * the backing file, all in the first cluster.
 *
 * @module
 */

import { ByteReader, type Walk, type WalkedFile } from "../bytes/mod.ts";
import { hex } from "../rules/mod.ts";
import { readBackingFormat } from "./qcow2_extensions.ts";

/** The first four bytes: `QFI\xfb`. */
const MAGIC = 0x514649fb;
/** Version 1, an unrelated format, has the same magic. */
const VERSIONS = [2, 3];
/** Length of the header of version 2, and the minimum of version 3. */
const V2_LENGTH = 72;
const V3_LENGTH = 104;
/** Bytes that are read: QEMU writes the extensions directly after the header. */
const AREA_LENGTH = 0x10000;
const CLUSTER_BITS_MIN = 9;
const CLUSTER_BITS_MAX = 21;
/** A cluster has 32 subclusters, of at least 512 bytes. */
const SUBCLUSTER_BITS_MIN = 14;
/** Maximum bytes of an L1 table, as in QEMU. */
const L1_LENGTH_MAX = 0x2000000;
/** Maximum bytes of the name of a backing file, as in QEMU. */
const BACKING_NAME_MAX = 1023;

/** Bits of incompatible_features; the reader knows no others. */
const FEATURE = {
  dirty: 0x1n,
  corrupt: 0x2n,
  externalData: 0x4n,
  compressionType: 0x8n,
  extendedL2: 0x10n,
} as const;
const FEATURES_KNOWN = 0x1fn;

/** The file that holds what an image does not. */
export interface Qcow2Backing {
  /** Its name as written: a path relative to the image, or a URL. */
  readonly name: string;
  /** Its format as written: `raw`, `qcow2`; undefined if none is. */
  readonly format: string | undefined;
}

/** What a header says. */
export interface Qcow2Header {
  /** 2 or 3. */
  readonly version: number;
  /** Length in bytes of the disk that the image holds. */
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
  if (bytes.length < 8) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint32(0) === MAGIC && view.getUint32(4) !== 1;
}

/**
 * Reads the header of a qcow2 image.
 *
 * @throws {FormatError} if it breaks a rule
 * @throws {UnsupportedError} if the image is encrypted, keeps its data in
 * another file, or has an unknown feature
 */
export function* readQcow2Header(file: WalkedFile): Walk<Qcow2Header> {
  const length = Math.min(AREA_LENGTH, file.byteLength);
  return new HeaderReader(file, yield { offset: 0, length }).read();
}

/** A field that breaks a rule. */
interface WrongField {
  readonly offset: number;
  readonly found: string;
  readonly expected: string;
}

class HeaderReader {
  readonly #file: WalkedFile;
  readonly #bytes: Uint8Array;
  readonly #fields: ByteReader;

  constructor(file: WalkedFile, bytes: Uint8Array) {
    this.#file = file;
    this.#bytes = bytes;
    this.#fields = new ByteReader(file.name, bytes);
  }

  read(): Qcow2Header {
    const version = this.#version();
    const backingPlace = {
      offset: this.#fields.be64("backing_file_offset"),
      length: this.#fields.be32("backing_file_size"),
    };
    const clusterBits = this.#clusterBits();
    const byteLength = this.#fields.be64("size");
    this.#encryption();
    const l1Size = this.#fields.be32("l1_size");
    const l1Offset = this.#fields.be64("l1_table_offset");
    this.#fields.bytes(V2_LENGTH - 48, "refcount table and snapshots");
    const features = version === 2
      ? { bits: 0n, headerLength: V2_LENGTH, compression: "zlib" as const }
      : this.#features(clusterBits);
    const hasSubclusters = (features.bits & FEATURE.extendedL2) !== 0n;
    const l1Count = this.#l1(
      { byteLength, clusterBits, hasSubclusters },
      { l1Size, l1Offset },
    );
    return {
      version,
      byteLength,
      clusterBits,
      compression: features.compression,
      hasSubclusters,
      l1Offset,
      l1Count,
      backing: this.#backing(backingPlace, features.headerLength),
      isDirty: (features.bits & FEATURE.dirty) !== 0n,
    };
  }

  #version(): number {
    const magic = this.#fields.be32("magic");
    if (magic !== MAGIC) {
      throw this.#fields.formatError("qcow2-magic", {
        offset: 0,
        found: `magic ${hex(magic)}`,
        expected: hex(MAGIC),
      });
    }
    const version = this.#fields.be32("version");
    if (VERSIONS.includes(version)) return version;
    throw this.#unsupported("qcow2-version", {
      offset: 4,
      found: `version ${version}`,
      expected: "2 or 3",
    });
  }

  #clusterBits(): number {
    const { offset } = this.#fields;
    const bits = this.#fields.be32("cluster_bits");
    if (bits >= CLUSTER_BITS_MIN && bits <= CLUSTER_BITS_MAX) return bits;
    throw this.#fields.formatError("qcow2-cluster-bits", {
      offset,
      found: `cluster_bits is ${bits}`,
      expected: `${CLUSTER_BITS_MIN} to ${CLUSTER_BITS_MAX}`,
    });
  }

  #encryption(): void {
    const { offset } = this.#fields;
    const method = this.#fields.be32("crypt_method");
    if (method === 0) return;
    throw this.#unsupported("qcow2-encrypted", {
      offset,
      found: `crypt_method is ${method}`,
      expected: "0; qemu-img convert decrypts an image",
    });
  }

  #features(clusterBits: number): {
    readonly bits: bigint;
    readonly headerLength: number;
    readonly compression: "zlib" | "zstd";
  } {
    const { offset } = this.#fields;
    const bits = this.#fields.be64BigInt("incompatible_features");
    this.#incompatible(bits, offset);
    this.#fields.bytes(20, "compatible_features to refcount_order");
    const headerLength = this.#headerLength();
    const type = headerLength > V3_LENGTH
      ? this.#fields.u8("compression_type")
      : 0;
    const hasType = (bits & FEATURE.compressionType) !== 0n;
    if (type > 1 || hasType !== (type === 1)) {
      throw this.#fields.formatError("qcow2-compression", {
        offset: V3_LENGTH,
        found: `compression_type ${type}, ${hasType ? "" : "not "}announced ` +
          "in incompatible_features",
        expected: "0, zlib, not announced, or 1, zstd, announced",
      });
    }
    const hasSubclusters = (bits & FEATURE.extendedL2) !== 0n;
    if (hasSubclusters && clusterBits < SUBCLUSTER_BITS_MIN) {
      throw this.#fields.formatError("qcow2-cluster-bits", {
        offset: 20,
        found: `cluster_bits is ${clusterBits}, with subclusters`,
        expected: `at least ${SUBCLUSTER_BITS_MIN}`,
      });
    }
    return { bits, headerLength, compression: type === 1 ? "zstd" : "zlib" };
  }

  #incompatible(bits: bigint, offset: number): void {
    const found = `incompatible_features is 0x${bits.toString(16)}`;
    if ((bits & FEATURE.corrupt) !== 0n) {
      throw this.#fields.formatError("qcow2-corrupt", {
        offset,
        found: `${found}: the image is marked corrupt`,
        expected: "no such mark; qemu-img check -r all repairs an image",
      });
    }
    if ((bits & FEATURE.externalData) !== 0n) {
      throw this.#unsupported("qcow2-data-file", {
        offset,
        found: `${found}: the data is in another file`,
        expected: "data in the image; qemu-img convert writes such an image",
      });
    }
    if ((bits & ~FEATURES_KNOWN) === 0n) return;
    throw this.#unsupported("qcow2-features", {
      offset,
      found,
      expected: `no bits but 0x${FEATURES_KNOWN.toString(16)}`,
    });
  }

  #headerLength(): number {
    const { offset } = this.#fields;
    const length = this.#fields.be32("header_length");
    const isValid = length >= V3_LENGTH && length % 8 === 0 &&
      length <= this.#bytes.length;
    if (isValid) return length;
    throw this.#fields.formatError("qcow2-header-length", {
      offset,
      found: `header_length is ${length}`,
      expected: `a multiple of 8 from ${V3_LENGTH} to ${this.#bytes.length}`,
    });
  }

  #l1(
    disk: Pick<Qcow2Header, "byteLength" | "clusterBits" | "hasSubclusters">,
    { l1Size, l1Offset }: {
      readonly l1Size: number;
      readonly l1Offset: number;
    },
  ): number {
    const clusterSize = 2 ** disk.clusterBits;
    const perTable = clusterSize / (disk.hasSubclusters ? 16 : 8);
    const needed = Math.ceil(disk.byteLength / clusterSize / perTable);
    const refuse = (offset: number, violation: Omit<WrongField, "offset">) =>
      this.#fields.formatError("qcow2-l1-table", { offset, ...violation });
    if (l1Size < needed || l1Size * 8 > L1_LENGTH_MAX) {
      throw refuse(36, {
        found: `l1_size is ${l1Size}`,
        expected: `${needed} to ${L1_LENGTH_MAX / 8}`,
      });
    }
    if (l1Offset % clusterSize !== 0) {
      throw refuse(40, {
        found: `l1_table_offset is ${hex(l1Offset)}`,
        expected: `a multiple of ${hex(clusterSize)}`,
      });
    }
    if (l1Offset + needed * 8 > this.#file.byteLength) {
      throw refuse(40, {
        found: `an L1 table from ${hex(l1Offset)} to ${
          hex(l1Offset + needed * 8)
        }`,
        expected: `at most ${hex(this.#file.byteLength)}, the file's length`,
      });
    }
    return needed;
  }

  #backing(
    { offset, length }: { readonly offset: number; readonly length: number },
    headerLength: number,
  ): Qcow2Backing | undefined {
    const end = offset === 0 ? this.#bytes.length : offset;
    const format = readBackingFormat(this.#file.name, this.#bytes, {
      start: headerLength,
      end: Math.min(end, this.#bytes.length),
    });
    if (offset === 0) return undefined;
    if (length > BACKING_NAME_MAX || offset + length > this.#bytes.length) {
      throw this.#fields.formatError("qcow2-backing-name", {
        offset: 8,
        found: `a name of ${length} bytes at ${hex(offset)}`,
        expected: `at most ${BACKING_NAME_MAX} bytes, before ` +
          hex(this.#bytes.length),
      });
    }
    const bytes = this.#bytes.subarray(offset, offset + length);
    try {
      const name = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      if (!name.includes("\0") && name !== "") return { name, format };
    } catch {
      // Not UTF-8.
    }
    throw this.#fields.formatError("qcow2-backing-name", {
      offset,
      found: "a name that is empty, not UTF-8, or has a NUL",
      expected: "a path or a URL",
    });
  }

  #unsupported(
    rule: Parameters<ByteReader["unsupportedError"]>[0],
    violation: WrongField,
  ) {
    return this.#fields.unsupportedError(rule, {
      feature: violation.found,
      ...violation,
    });
  }
}
