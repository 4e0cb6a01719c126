import type { ByteRequest, Walk, WalkedFile } from "../../format/bytes/mod.ts";
import {
  type Qcow2Extent,
  type Qcow2Header,
  Qcow2Map,
} from "../../format/qcow2/mod.ts";
import { FormatError, hex } from "../../format/rules/mod.ts";
import { KeptBlocks } from "../sources/mod.ts";

/** What a read of the disk needs next. */
export type Qcow2Step =
  /** Bytes of the image. */
  | { readonly kind: "read"; readonly request: ByteRequest }
  /** A cluster, unpacked. */
  | {
    readonly kind: "unpack";
    readonly packed: Uint8Array;
    readonly length: number;
    /** Its position in the image. */
    readonly offset: number;
  }
  /** Bytes of the backing file. */
  | {
    readonly kind: "backing";
    readonly target: Uint8Array;
    readonly offset: number;
  };

/** Work that yields what it needs, and is sent the bytes. */
export type Qcow2Work<T> = Generator<Qcow2Step, T, Uint8Array>;

/** Bytes of tables that are kept. */
const TABLES_MAX = 0x400000;

/** The reads of an image: the logic that drivers of both kinds share. */
export class Qcow2Reads {
  readonly header: Qcow2Header;
  readonly #file: WalkedFile;
  readonly #map: Qcow2Map;
  readonly #tables = new Map<number, DataView>();
  #tableBytes = 0;
  /** Unpacked clusters, by their positions in the image. */
  readonly #clusters: KeptBlocks;
  readonly #clusterSize: number;

  /** Uses the L1 table's bytes, and keeps at most `maxBytes` of clusters. */
  constructor(
    file: WalkedFile,
    header: Qcow2Header,
    { l1, maxBytes }: { readonly l1: Uint8Array; readonly maxBytes: number },
  ) {
    this.header = header;
    this.#file = file;
    this.#clusterSize = 2 ** header.clusterBits;
    const count = Math.max(1, Math.floor(maxBytes / this.#clusterSize));
    this.#clusters = new KeptBlocks(this.#clusterSize, count);
    this.#map = new Qcow2Map(file, header, {
      l1,
      kept: {
        get: (position) => this.#tables.get(position),
        keep: (position, table) => this.#keepTable(position, table),
      },
    });
  }

  /** Fills a target with the bytes of the disk from `offset` on. */
  *read(target: Uint8Array, offset: number): Qcow2Work<void> {
    for (let done = 0; done < target.length;) {
      const extent = yield* this.extent(offset + done, target.length - done);
      const part = target.subarray(done, done + extent.length);
      yield* this.#fill(part, offset + done, extent);
      done += extent.length;
    }
  }

  /** Finds where the bytes of the disk from `offset` on are. */
  *extent(offset: number, length: number): Qcow2Work<Qcow2Extent> {
    return yield* stepsOf(this.#map.extent(offset, length));
  }

  *#fill(
    target: Uint8Array,
    offset: number,
    extent: Qcow2Extent,
  ): Qcow2Work<void> {
    switch (extent.kind) {
      case "zero":
        target.fill(0);
        return;
      case "absent":
        if (this.header.backing === undefined) target.fill(0);
        else yield { kind: "backing", target, offset };
        return;
      case "data":
        yield {
          kind: "read",
          request: { offset: extent.offset, length: target.length, target },
        };
        return;
      case "compressed": {
        const cluster = yield* this.#cluster(extent);
        const { start, length } = extent;
        target.set(cluster.subarray(start, start + length));
      }
    }
  }

  *#cluster(
    { offset, packedLength }: Qcow2Extent & { readonly kind: "compressed" },
  ): Qcow2Work<Uint8Array> {
    const kept = this.#clusters.get(offset);
    if (kept !== undefined) {
      this.#clusters.touch(offset, kept);
      return kept;
    }
    // The last sector of the file may be incomplete.
    const length = Math.min(packedLength, this.#file.byteLength - offset);
    const packed = yield { kind: "read", request: { offset, length } };
    const clusterLength = this.#clusterSize;
    const cluster = yield {
      kind: "unpack",
      packed,
      length: clusterLength,
      offset,
    };
    if (cluster.length !== clusterLength) {
      throw this.wrongCluster(offset, `${cluster.length} bytes`);
    }
    this.#clusters.keep(offset, cluster);
    return cluster;
  }

  /** Makes the error of a compressed cluster that cannot be unpacked. */
  wrongCluster(offset: number, found: string, cause?: unknown): FormatError {
    return new FormatError(this.#file.name, {
      rule: "qcow2-compressed",
      offset,
      found: `a compressed cluster that unpacks to ${found}`,
      expected: hex(this.#clusterSize),
    }, { cause });
  }

  #keepTable(position: number, table: DataView): void {
    this.#tables.set(position, table);
    this.#tableBytes += table.byteLength;
    for (const [oldest, { byteLength }] of this.#tables) {
      if (this.#tableBytes <= TABLES_MAX || oldest === position) return;
      this.#tables.delete(oldest);
      this.#tableBytes -= byteLength;
    }
  }
}

/** Makes steps of the requests of a walk. */
export function* stepsOf<T>(walk: Walk<T>): Qcow2Work<T> {
  let step = walk.next();
  while (!step.done) {
    step = walk.next(yield { kind: "read", request: step.value });
  }
  return step.value;
}
