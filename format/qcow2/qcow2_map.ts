import type { ByteRange, Walk, WalkedFile } from "../bytes/mod.ts";
import { FormatError, hex } from "../rules/mod.ts";
import {
  clusterOf,
  type ClusterPlace,
  entryText,
  l2TableOf,
  subclusterOf,
  wordsAt,
} from "./qcow2_entry.ts";
import type { Qcow2Header } from "./qcow2_header.ts";
import type { Qcow2Tables } from "./qcow2_tables.ts";

/** Bytes of an L2 table that are read at once. */
const SLICE_MAX = 0x10000;
const SECTOR = 512;
/** Subclusters of a cluster. */
const UNITS = 32;

/** A part of the disk, and where its bytes are. */
export type Qcow2Extent =
  | {
    /** In the backing file, or zero without one; or zero in any case. */
    readonly kind: "absent" | "zero";
    /** Bytes from the position asked for. */
    readonly length: number;
  }
  | {
    readonly kind: "data";
    readonly length: number;
    /** Position in the image. */
    readonly offset: number;
  }
  | {
    readonly kind: "compressed";
    /** Bytes up to the end of the cluster, or fewer if fewer are wanted. */
    readonly length: number;
    /** Position of the compressed cluster in the image. */
    readonly offset: number;
    /**
     * Bytes up to the end of its last sector, or of the file; the compressed
     * data may end before.
     */
    readonly packedLength: number;
  };

/** Slices of tables that a map keeps. */
export interface KeptTables {
  get(position: number): DataView | undefined;
  keep(position: number, table: DataView): void;
}

/** The tables of an image: where each byte of its disk is. */
export class Qcow2Map {
  readonly #file: WalkedFile;
  readonly #header: Qcow2Header;
  readonly #l1: DataView;
  readonly #kept: KeptTables;
  readonly #clusterSize: number;
  readonly #entrySize: number;
  /** Bytes of the disk that an L2 table describes, and a slice of it. */
  readonly #tableReach: number;
  readonly #sliceReach: number;

  /** Uses the bytes of the L1 table, and keeps the L2 tables that are there. */
  constructor(
    file: WalkedFile,
    { header, l1, start }: Qcow2Tables,
    kept: KeptTables,
  ) {
    this.#file = file;
    this.#header = header;
    this.#l1 = new DataView(l1.buffer, l1.byteOffset, l1.length);
    this.#kept = kept;
    this.#clusterSize = 2 ** header.clusterBits;
    this.#entrySize = header.hasSubclusters ? 16 : 8;
    const perTable = this.#clusterSize / this.#entrySize;
    this.#tableReach = perTable * this.#clusterSize;
    this.#sliceReach = Math.min(perTable, SLICE_MAX / this.#entrySize) *
      this.#clusterSize;
    this.#keepFrom(start);
  }

  /** Keeps the first slices of tables that are in the first bytes. */
  #keepFrom(start: Uint8Array): void {
    const length = this.#sliceLength;
    for (let at = 0; at < this.#l1.byteLength; at += 8) {
      const position = l2TableOf(wordsAt(this.#l1, at)) ?? 0;
      const isThere = position > 0 && position + length <= start.length &&
        position % this.#clusterSize === 0;
      if (!isThere) return;
      const slice = start.slice(position, position + length);
      this.#kept.keep(position, new DataView(slice.buffer));
    }
  }

  get #sliceLength(): number {
    return this.#sliceReach / this.#clusterSize * this.#entrySize;
  }

  /**
   * Finds where the bytes of the disk from `offset` on are: at most `length`,
   * which must be inside the disk, as far as they are in one piece.
   *
   * @throws {FormatError} if an entry breaks a rule
   */
  *extent(offset: number, length: number): Walk<Qcow2Extent> {
    const known = this.knownExtent(offset, length);
    if (known !== undefined) return known;
    const position = this.#slicePosition(offset);
    const bytes = yield {
      offset: position,
      length: this.#sliceLength,
    };
    const slice = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#kept.keep(position, slice);
    return this.#extentIn(slice, position, { offset, length });
  }

  /** Finds the same, or returns undefined if that takes a read of a table. */
  knownExtent(offset: number, length: number): Qcow2Extent | undefined {
    const position = this.#slicePosition(offset);
    if (position === 0) {
      const reach = this.#tableReach - offset % this.#tableReach;
      return { kind: "absent", length: Math.min(length, reach) };
    }
    const slice = this.#kept.get(position);
    return slice && this.#extentIn(slice, position, { offset, length });
  }

  /** Returns the position of the slice for an offset; 0: there is no table. */
  #slicePosition(offset: number): number {
    const table = this.#l2Table(Math.floor(offset / this.#tableReach));
    if (table === 0) return 0;
    const inTable = offset % this.#tableReach;
    const before = inTable - inTable % this.#sliceReach;
    return table + before / this.#clusterSize * this.#entrySize;
  }

  #l2Table(index: number): number {
    const words = wordsAt(this.#l1, index * 8);
    const table = l2TableOf(words);
    const end = (table ?? 0) + this.#clusterSize;
    const isRight = table !== undefined && table % this.#clusterSize === 0 &&
      (table === 0 || end <= this.#file.byteLength);
    if (isRight) return table;
    throw new FormatError(this.#file.name, {
      rule: "qcow2-l1-entry",
      offset: this.#header.l1Offset + index * 8,
      found: `the L1 entry ${entryText(words)}`,
      expected: `an L2 table at a multiple of ${hex(this.#clusterSize)} ` +
        "inside the file, and no reserved bits",
    });
  }

  #extentIn(
    slice: DataView,
    position: number,
    { offset, length }: ByteRange,
  ): Qcow2Extent {
    const from = offset % this.#sliceReach;
    const size = this.#clusterSize;
    const place = this.#placeAt(slice, position, from);
    const entry = position + Math.floor(from / size) * this.#entrySize;
    if (place.kind === "compressed") {
      return this.#compressed(place, {
        entry,
        length: Math.min(length, size - from % size),
      });
    }
    const unit = size / (this.#header.hasSubclusters ? UNITS : 1);
    const stop = Math.min(from + length, this.#sliceReach);
    const first = from - from % unit;
    let at = first + unit;
    while (at < stop) {
      const next = this.#placeAt(slice, position, at);
      if (!isContinued(place, next, at - first)) break;
      at += unit;
    }
    const found = Math.min(at, stop) - from;
    if (place.kind !== "data") return { kind: place.kind, length: found };
    const start = place.offset + from - first;
    this.#checkInside(entry, start, start + found);
    return { kind: "data", length: found, offset: start };
  }

  #compressed(
    { offset, length: sectors }: ByteRange,
    { entry, length }: { readonly entry: number; readonly length: number },
  ): Qcow2Extent {
    // The last sector of the file may be incomplete.
    const end = Math.max(offset, offset + sectors - SECTOR) + 1;
    this.#checkInside(entry, offset, end);
    const packedLength = Math.min(sectors, this.#file.byteLength - offset);
    return { kind: "compressed", length, offset, packedLength };
  }

  /** Returns the place of the unit at a position of the slice's clusters. */
  #placeAt(
    slice: DataView,
    position: number,
    from: number,
  ): Exclude<ClusterPlace, { readonly kind: "invalid" }> {
    const { clusterBits, hasSubclusters } = this.#header;
    const at = Math.floor(from / this.#clusterSize) * this.#entrySize;
    const words = wordsAt(slice, at);
    const unit = this.#clusterSize / UNITS;
    const place = hasSubclusters
      ? subclusterOf(words, wordsAt(slice, at + 8), {
        clusterBits,
        index: Math.floor(from % this.#clusterSize / unit),
      })
      : clusterOf(words, this.#header);
    if (place.kind !== "invalid") return place;
    throw new FormatError(this.#file.name, {
      rule: "qcow2-l2-entry",
      offset: position + at,
      found: `the L2 entry ${entryText(words)} with ${place.why}`,
      expected: "none",
    });
  }

  #checkInside(entry: number, offset: number, end: number): void {
    if (end <= this.#file.byteLength) return;
    throw new FormatError(this.#file.name, {
      rule: "qcow2-l2-entry",
      offset: entry,
      found: `data from ${hex(offset)} to ${hex(end)}`,
      expected: `at most ${hex(this.#file.byteLength)}, the file's length`,
    });
  }
}

function isContinued(
  place: ClusterPlace,
  next: ClusterPlace,
  distance: number,
): boolean {
  if (place.kind !== "data") return place.kind === next.kind;
  return next.kind === "data" && next.offset === place.offset + distance;
}
