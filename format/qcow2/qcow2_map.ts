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

/** Bytes of an L2 table that are read at once. */
const SLICE_MAX = 0x10000;
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
    readonly length: number;
    /** Position of the compressed cluster in the image, and its bytes. */
    readonly offset: number;
    readonly packedLength: number;
    /** Where the part begins in the unpacked cluster. */
    readonly start: number;
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
  /** Entries of an L2 table. */
  readonly #perTable: number;

  /** Uses the bytes of the L1 table. */
  constructor(
    file: WalkedFile,
    header: Qcow2Header,
    { l1, kept }: { readonly l1: Uint8Array; readonly kept: KeptTables },
  ) {
    this.#file = file;
    this.#header = header;
    this.#l1 = new DataView(l1.buffer, l1.byteOffset, l1.length);
    this.#kept = kept;
    this.#clusterSize = 2 ** header.clusterBits;
    this.#entrySize = header.hasSubclusters ? 16 : 8;
    this.#perTable = this.#clusterSize / this.#entrySize;
  }

  /**
   * Finds where the bytes of the disk from `offset` on are: at most `length`,
   * which must be inside the disk, as far as they are in one piece.
   *
   * @throws {FormatError} if an entry breaks a rule
   */
  *extent(offset: number, length: number): Walk<Qcow2Extent> {
    const cluster = Math.floor(offset / this.#clusterSize);
    const table = this.#l2Table(Math.floor(cluster / this.#perTable));
    const index = cluster % this.#perTable;
    const start = offset % this.#clusterSize;
    if (table === 0) {
      const reach = (this.#perTable - index) * this.#clusterSize - start;
      return { kind: "absent", length: Math.min(length, reach) };
    }
    const perSlice = Math.min(this.#perTable, SLICE_MAX / this.#entrySize);
    const first = index - index % perSlice;
    const position = table + first * this.#entrySize;
    const slice = this.#kept.get(position) ??
      (yield* this.#readSlice(position, perSlice * this.#entrySize));
    return this.#extentIn(slice, {
      entry: index - first,
      position,
      start,
      length,
    });
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

  *#readSlice(offset: number, length: number): Walk<DataView> {
    const bytes = yield { offset, length };
    const slice = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#kept.keep(offset, slice);
    return slice;
  }

  #extentIn(
    slice: DataView,
    { entry, position, start, length }: {
      readonly entry: number;
      /** Position of the slice in the image. */
      readonly position: number;
      /** Where the part begins in its cluster. */
      readonly start: number;
      readonly length: number;
    },
  ): Qcow2Extent {
    const from = entry * this.#clusterSize + start;
    const unit = this.#clusterSize / (this.#header.hasSubclusters ? UNITS : 1);
    const place = this.#placeAt(slice, from, position);
    if (place.kind === "compressed") {
      return {
        kind: "compressed",
        length: Math.min(length, this.#clusterSize - start),
        offset: place.offset,
        packedLength: place.length,
        start,
      };
    }
    const sliceEnd = slice.byteLength / this.#entrySize * this.#clusterSize;
    const stop = Math.min(from + length, sliceEnd);
    const first = from - from % unit;
    let at = first + unit;
    while (at < stop) {
      const next = this.#placeAt(slice, at, position);
      if (!isContinued(place, next, at - first)) break;
      at += unit;
    }
    const found = Math.min(at, stop) - from;
    if (place.kind !== "data") return { kind: place.kind, length: found };
    const offset = place.offset + from - first;
    const extent = { kind: "data", length: found, offset } as const;
    this.#checkInside(extent, position + entry * this.#entrySize);
    return extent;
  }

  /** Returns the place of the unit at a position of the slice's clusters. */
  #placeAt(
    slice: DataView,
    at: number,
    position: number,
  ): Exclude<ClusterPlace, { readonly kind: "invalid" }> {
    const { clusterBits, hasSubclusters } = this.#header;
    const entry = Math.floor(at / this.#clusterSize);
    const unit = this.#clusterSize / UNITS;
    const index = Math.floor(at % this.#clusterSize / unit);
    const words = wordsAt(slice, entry * this.#entrySize);
    const place = hasSubclusters
      ? subclusterOf(words, wordsAt(slice, entry * this.#entrySize + 8), {
        clusterBits,
        index,
      })
      : clusterOf(words, clusterBits);
    const offset = position + entry * this.#entrySize;
    if (place.kind === "invalid") {
      throw new FormatError(this.#file.name, {
        rule: "qcow2-l2-entry",
        offset,
        found: `the L2 entry ${entryText(words)} with ${place.why}`,
        expected: "none",
      });
    }
    const start = hasSubclusters ? index * unit : 0;
    const isAligned = place.kind !== "data" ||
      (place.offset - start) % this.#clusterSize === 0;
    const isInside = place.kind !== "compressed" ||
      place.offset < this.#file.byteLength;
    if (isAligned && isInside) return place;
    throw new FormatError(this.#file.name, {
      rule: "qcow2-l2-entry",
      offset,
      found: `the L2 entry ${entryText(words)}`,
      expected: isAligned
        ? `a position before ${hex(this.#file.byteLength)}, the file's length`
        : `a cluster at a multiple of ${hex(this.#clusterSize)}`,
    });
  }

  #checkInside(
    { offset, length }: ByteRange,
    entryOffset: number,
  ): void {
    const end = offset + length;
    if (end <= this.#file.byteLength) return;
    throw new FormatError(this.#file.name, {
      rule: "qcow2-l2-entry",
      offset: entryOffset,
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
