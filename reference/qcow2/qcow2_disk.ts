import type { ByteRange } from "../../format/bytes/mod.ts";
import type { Qcow2Extent, Qcow2Header } from "../../format/qcow2/mod.ts";
import {
  type ByteSource,
  checkRange,
  drive,
  driveSync,
  type ReadOptions,
  type SourceReadOptions,
  type SyncByteSource,
  type TakeBytes,
} from "../sources/mod.ts";
import type { DiskPlanner } from "./disk_plan.ts";
import {
  copyPart,
  DiskFiller,
  type DiskSources,
  insideOf,
} from "./fill_disk.ts";
import type { Qcow2Source, SyncQcow2Source } from "./qcow2_source.ts";
import { streamDisk } from "./stream_disk.ts";
import type { UnpackClusterSync } from "./unpack_cluster.ts";
import { type PackedImage, unpackRunSync } from "./unpack_run.ts";

const DONE = Promise.resolve();

/** What a source is made of. */
export interface Qcow2Parts extends DiskSources {
  readonly planner: DiskPlanner;
  /** Closes the files that were opened for the image. */
  readonly close: () => void;
}

/** Whether a source is the disk in a qcow2 image. */
export function isQcow2Source(source: object): source is Qcow2Source {
  return source instanceof Qcow2Disk;
}

/** The disk in a qcow2 image. */
export class Qcow2Disk implements Qcow2Source {
  readonly name: string;
  readonly byteLength: number;
  readonly parallelReads: number | undefined;
  readonly streamRanges: ByteSource["streamRanges"];
  readonly checkUnchanged: ByteSource["checkUnchanged"];
  readonly header: Qcow2Header;
  readonly #parts: Qcow2Parts;
  readonly #filler: DiskFiller;

  constructor(parts: Qcow2Parts) {
    const { image, backing, planner } = parts;
    this.name = image.name;
    this.byteLength = planner.header.byteLength;
    this.parallelReads = image.parallelReads ?? backing?.parallelReads;
    this.header = planner.header;
    this.#parts = parts;
    this.#filler = new DiskFiller(parts, planner);
    if (image.streamRanges ?? backing?.streamRanges) {
      this.streamRanges = (...request) => this.#stream(...request);
    }
    if (image.checkUnchanged ?? backing?.checkUnchanged) {
      this.checkUnchanged = () => {
        image.checkUnchanged?.();
        backing?.checkUnchanged?.();
      };
    }
  }

  get image(): ByteSource {
    return this.#parts.image;
  }

  get backing(): ByteSource | undefined {
    return this.#parts.backing;
  }

  async extent(
    offset: number,
    length: number,
    options?: ReadOptions,
  ): Promise<Qcow2Extent> {
    checkRange(this, offset, length);
    const { planner, image } = this.#parts;
    return planner.knownExtent(offset, length) ??
      await drive(planner.extent(offset, length), image, options);
  }

  readInto(
    target: Uint8Array,
    offset: number,
    options: SourceReadOptions = {},
  ): Promise<void> {
    // The path of nearly every read: a page of a kept cluster.
    const isKept = !options.signal?.aborted &&
      this.#parts.planner.copyKept(target, offset);
    return isKept ? DONE : this.#read(target, offset, options);
  }

  async #read(
    target: Uint8Array,
    offset: number,
    options: SourceReadOptions,
  ): Promise<void> {
    options.signal?.throwIfAborted();
    checkRange(this, offset, target.length);
    // There is no entry for the end of the disk.
    if (target.length === 0) return;
    const { planner, image } = this.#parts;
    const { signal, background, wantedUntil } = options;
    const extent = planner.knownExtent(offset, target.length);
    if (extent?.kind === "absent" && extent.length === target.length) {
      return await this.#filler.readBacking({ target, offset }, options);
    }
    const parts = [{ target, offset }];
    const plan = await drive(planner.plan(parts), image, {
      signal,
      background,
    });
    const until = wantedUntil &&
      planner.wantedUntil(plan, offset + target.length, { wantedUntil });
    // For one request more of a few bytes, not for each part of a large read.
    const guesses = plan.data.length + plan.runs.length === 1
      ? options.guesses && planner.guesses(options.guesses)
      : undefined;
    await this.#filler.fill(plan, {
      ...{ signal, background, guesses },
      wantedUntil: until,
    });
  }

  async #stream(
    ranges: readonly ByteRange[],
    take: TakeBytes,
    options: SourceReadOptions = {},
  ): Promise<void> {
    const { planner, image } = this.#parts;
    const { signal, background } = options;
    signal?.throwIfAborted();
    for (const { offset, length } of ranges) checkRange(this, offset, length);
    await streamDisk(ranges, take, {
      signal,
      fill: async (parts) => {
        const plan = await drive(planner.plan(parts), image, { signal });
        await this.#filler.fillAtOnce(plan, { signal, background });
      },
    });
  }

  close(): void {
    this.#parts.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What a source that can also be read synchronously is made of. */
export interface SyncQcow2Parts extends Qcow2Parts {
  readonly image: SyncByteSource;
  readonly backing: SyncByteSource | undefined;
  readonly packed: PackedImage<UnpackClusterSync>;
}

/** The disk in a qcow2 image that can also be read synchronously. */
export class SyncQcow2Disk extends Qcow2Disk implements SyncQcow2Source {
  readonly #parts: SyncQcow2Parts;

  constructor(parts: SyncQcow2Parts) {
    super(parts);
    this.#parts = parts;
  }

  readIntoSync(target: Uint8Array, offset: number): void {
    const { image, backing, packed, planner } = this.#parts;
    if (planner.copyKept(target, offset)) return;
    checkRange(this, offset, target.length);
    if (target.length === 0) return;
    const plan = driveSync(planner.plan([{ target, offset }]), image);
    for (const part of plan.data) image.readIntoSync(part.target, part.offset);
    for (const part of plan.backing) {
      const inside = insideOf(backing, part);
      if (inside !== undefined) {
        backing?.readIntoSync(inside.target, inside.offset);
      }
    }
    for (const run of plan.runs) {
      const bytes = new Uint8Array(run.length);
      image.readIntoSync(bytes, run.offset);
      const unpacked = unpackRunSync(run, bytes, packed);
      for (const [index, it] of run.clusters.entries()) {
        planner.keep(it.number, unpacked[index]);
        copyPart(it.target, unpacked[index], it.start);
      }
    }
  }
}
