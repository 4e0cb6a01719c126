import type { ByteRange, Walk, WalkedFile } from "../../format/bytes/mod.ts";
import {
  type Qcow2Extent,
  type Qcow2Header,
  Qcow2Map,
  type Qcow2Tables,
} from "../../format/qcow2/mod.ts";
import type { KeptBytes } from "./kept_bytes.ts";

/** A part of a target, and where its bytes are in a source. */
export interface Part {
  readonly target: Uint8Array;
  readonly offset: number;
}

/** A compressed cluster that is wanted. */
export interface PackedCluster extends ByteRange {
  /** Its number on the disk. */
  readonly number: number;
  /** The part of the target that gets its bytes from `start` on. */
  readonly target: Uint8Array;
  readonly start: number;
}

/** Compressed clusters that are neighbours in the image. */
export interface PackedRun extends ByteRange {
  readonly clusters: readonly PackedCluster[];
}

/** What fills the parts of a read that are not filled yet. */
export interface DiskPlan {
  /** Bytes of the image, as they are. */
  readonly data: readonly Part[];
  /** Bytes of the backing file, where that has them. */
  readonly backing: readonly Part[];
  readonly runs: readonly PackedRun[];
}

/** What the images of a chain keep. */
export interface KeptParts {
  readonly clusters: KeptBytes<Uint8Array>;
  readonly tables: KeptBytes<DataView>;
}

/** Maximum bytes of a run, packed and unpacked; it has at least one cluster. */
const RUN_MAX = 0x100000;
const UNPACKED_MAX = 0x400000;
/** Maximum bytes of a disk that are looked at for a hint. */
const HINT_MAX = 0x400000;
/** Maximum bytes of what is read of a cluster that may not be needed. */
const GUESS_MAX = 0x2000;
/** Positions of tables are multiples of it. */
const SECTOR = 512;

/** Plans the reads of one image's disk, and keeps its clusters. */
export class DiskPlanner {
  readonly header: Qcow2Header;
  readonly #map: Qcow2Map;
  readonly #image: number;
  readonly #kept: KeptParts;
  readonly #clusterSize: number;

  /** `image` is its number in the chain. */
  constructor(
    file: WalkedFile,
    read: Qcow2Tables,
    { image, kept }: { readonly image: number; readonly kept: KeptParts },
  ) {
    const { header } = read;
    this.header = header;
    this.#image = image;
    this.#kept = kept;
    this.#clusterSize = 2 ** header.clusterBits;
    const { tables } = kept;
    this.#map = new Qcow2Map(file, read, {
      get: (position) => tables.get(image, position / SECTOR),
      keep: (position, it) => tables.keep(image, position / SECTOR, it),
    });
  }

  /** Fills a target from a kept cluster; returns whether one has all of it. */
  copyKept(target: Uint8Array, offset: number): boolean {
    const number = Math.floor(offset / this.#clusterSize);
    const cluster = this.#kept.clusters.get(this.#image, number);
    const start = offset - number * this.#clusterSize;
    const end = start + target.length;
    const isInside = cluster !== undefined && end <= cluster.length &&
      offset + target.length <= this.header.byteLength;
    if (isInside) target.set(cluster.subarray(start, end));
    return isInside;
  }

  /** Keeps a cluster of the disk. */
  keep(number: number, cluster: Uint8Array): void {
    this.#kept.clusters.keep(this.#image, number, cluster);
  }

  /** Finds where the bytes of the disk from `offset` on are. */
  extent(offset: number, length: number): Walk<Qcow2Extent> {
    return this.#map.extent(offset, length);
  }

  /** Finds the same, or returns undefined if that takes a read of a table. */
  knownExtent(offset: number, length: number): Qcow2Extent | undefined {
    return this.#map.knownExtent(offset, length);
  }

  /**
   * Plans to fill parts with the bytes of the disk at their offsets; fills those
   * that are zero or kept.
   */
  *plan(parts: readonly Part[]): Walk<DiskPlan> {
    const plan = { data: [] as Part[], backing: [] as Part[] };
    const runs = new Runs();
    for (const { target: whole, offset: start } of parts) {
      for (let done = 0; done < whole.length;) {
        const offset = start + done;
        const extent = this.knownExtent(offset, whole.length - done) ??
          (yield* this.extent(offset, whole.length - done));
        const target = whole.subarray(done, done + extent.length);
        done += extent.length;
        switch (extent.kind) {
          case "zero":
            target.fill(0);
            break;
          case "absent":
            plan.backing.push({ target, offset });
            break;
          case "data":
            plan.data.push({ target, offset: extent.offset });
            break;
          case "compressed": {
            if (this.copyKept(target, offset)) break;
            const number = Math.floor(offset / this.#clusterSize);
            runs.add({
              number,
              offset: extent.offset,
              length: extent.packedLength,
              target,
              start: offset - number * this.#clusterSize,
            }, this.#clusterSize);
          }
        }
      }
    }
    return { ...plan, runs: runs.all };
  }

  /**
   * Returns the end in the image of what follows a planned read that ends at
   * `end`, as far as tables in memory tell, it is in one piece, and it is before
   * `wantedUntil` of the disk; undefined if nothing follows.
   */
  wantedUntil(
    { data, runs }: DiskPlan,
    end: number,
    { wantedUntil }: { readonly wantedUntil: number },
  ): number | undefined {
    const ends = [
      ...runs.map((it) => it.offset + it.length),
      ...data.map((it) => it.offset + it.target.length),
    ];
    if (ends.length === 0) return undefined;
    let reached = Math.max(...ends);
    const stop = Math.min(wantedUntil, end + HINT_MAX, this.header.byteLength);
    // The rest of a cluster comes with it.
    const size = this.#clusterSize;
    const next = runs.length > 0 ? Math.ceil(end / size) * size : end;
    for (let at = next; at < stop;) {
      const extent = this.knownExtent(at, stop - at);
      const isNext = extent !== undefined && "offset" in extent &&
        extent.offset <= reached && extent.offset > reached - SECTOR;
      if (!isNext) break;
      reached = extent.offset +
        ("packedLength" in extent ? extent.packedLength : extent.length);
      at += extent.length;
    }
    return reached;
  }

  /**
   * Returns where ranges of the disk that may be read next are in the image, in
   * order, as far as tables in memory tell and it takes few bytes to have them.
   */
  guesses(ranges: readonly ByteRange[]): ByteRange[] {
    const found = ranges.flatMap(({ offset, length }): ByteRange[] => {
      const end = offset + length;
      if (length === 0 || end > this.header.byteLength) return [];
      const extent = this.knownExtent(offset, length);
      if (extent === undefined || !("offset" in extent)) return [];
      const bytes = "packedLength" in extent ? extent.packedLength : length;
      const isAll = extent.length === length && bytes <= GUESS_MAX;
      return isAll ? [{ offset: extent.offset, length: bytes }] : [];
    });
    return found.toSorted((a, b) => a.offset - b.offset);
  }
}

/** Collects runs of neighbours. */
class Runs {
  readonly all: (PackedRun & { length: number; clusters: PackedCluster[] })[] =
    [];

  add(cluster: PackedCluster, clusterSize: number): void {
    const { offset, length } = cluster;
    const last = this.all.at(-1);
    const end = offset + length;
    // A cluster may start in the last sector of the one before.
    const isNext = last !== undefined && offset >= last.offset &&
      offset <= last.offset + last.length &&
      end - last.offset <= RUN_MAX &&
      (last.clusters.length + 1) * clusterSize <= UNPACKED_MAX;
    if (!isNext) {
      return void this.all.push({ offset, length, clusters: [cluster] });
    }
    last.clusters.push(cluster);
    last.length = Math.max(last.length, end - last.offset);
  }
}
