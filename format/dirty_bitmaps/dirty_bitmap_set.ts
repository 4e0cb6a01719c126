/**
 * Block dirty bitmaps, assembled from their records (SPEC 11.3).
 *
 * @module
 */

import { PageBitmap } from "../bitmap/page_bitmap.ts";
import type { ByteRange } from "../bytes/byte_range.ts";
import type { Walk, WalkedFile } from "../bytes/walk.ts";
import { hex, type RuleViolation } from "../rules/errors.ts";
import type { RuleSlug } from "../rules/rules.ts";
import type { StreamItem } from "../stream/migration_stream.ts";
import { type Report, StreamReader } from "../stream/stream_reader.ts";
import {
  type DirtyBitmapRecord,
  readDirtyBitmapRecords,
} from "./dirty_bitmap.ts";

/** A dirty bitmap of a block device, as a stream describes it. */
export interface DirtyBitmap {
  /** Name of the block node, or of the device if it has one. */
  readonly node: string;
  /** Name of the bitmap. */
  readonly name: string;
  /** Bytes of the disk that a bit covers. */
  readonly granularity: number;
  /** Whether it continues to record writes. */
  readonly enabled: boolean;
  /** Whether it is to be kept in the image. */
  readonly persistent: boolean;
  /** Whether all its bits are present; otherwise it must not be relied on. */
  readonly complete: boolean;
  /** Bytes of the disk that its bits cover. */
  readonly coveredBytes: number;
  /** Those of the covered bytes that may have been written to. */
  readonly dirtyBytes: number;
}

/** Options of {@linkcode readDirtyBitmaps}. */
export interface DirtyBitmapOptions {
  /**
   * Receives violations of rules that do not stop the walk. Default: throws.
   */
  readonly report?: Report | undefined;
  /** Receives each run of dirty bytes of a disk, in order for each bitmap. */
  readonly onDirty?:
    | ((bitmap: DirtyBitmap, range: ByteRange) => void)
    | undefined;
}

type Mutable = { -readonly [key in keyof DirtyBitmap]: DirtyBitmap[key] } & {
  /** Where the next bits must start or lie after, in bytes. */
  end: number;
};

type RecordOf<Kind> = DirtyBitmapRecord & { readonly kind: Kind };

const SECTOR = 512;
const GRANULARITY_MAX = 2 ** 31;
/** Bits start at a multiple of this many granules, one word of a bitmap. */
const WORD_BITS = 64;
/** The bits of a record are padded to a multiple of this many bytes. */
const PADDING = 32;
const BITMAPS_MAX = 0x10000;

/** Reads the dirty bitmaps in these parts of their section, in order. */
export function* readDirtyBitmaps(
  file: WalkedFile,
  items: readonly StreamItem[],
  options: DirtyBitmapOptions = {},
): Walk<DirtyBitmap[]> {
  const set = new DirtyBitmapSet(file, options);
  for (const item of items) {
    if (!("section" in item)) continue;
    const { reader } = set;
    reader.seek(item.range.offset);
    const head = item.kind === "start"
      ? 1 + 4 + 1 + item.section.idstr.length + 4 + 4
      : 1 + 4;
    yield* reader.fetch(head);
    reader.bytes(head, "the head of a section");
    yield* readDirtyBitmapRecords(reader, (record) => set.take(record));
  }
  return set.finish();
}

class DirtyBitmapSet {
  readonly reader: StreamReader;
  readonly #onDirty: DirtyBitmapOptions["onDirty"];
  readonly #bitmaps = new Map<string, Mutable>();
  #node: string | undefined;
  #name: string | undefined;
  #run: { bitmap: Mutable; offset: number; end: number } | undefined;

  constructor(file: WalkedFile, { report, onDirty }: DirtyBitmapOptions) {
    this.reader = new StreamReader(file, 0, { report });
    this.#onDirty = onDirty;
  }

  take(record: DirtyBitmapRecord): void {
    this.#node = record.node ?? this.#node;
    this.#name = record.name ?? this.#name;
    if (record.kind === "eos") return;
    if (this.#node === undefined || this.#name === undefined) {
      this.#refuse("dirty-bitmap-started", {
        offset: record.offset,
        found: "a record without names, and none before it",
        expected: "the names of a node and a bitmap",
      });
    }
    // JSON keeps node and name apart, whatever they contain.
    const key = JSON.stringify([this.#node, this.#name]);
    const bitmap = this.#bitmaps.get(key);
    if (record.kind === "start") {
      if (bitmap !== undefined) {
        this.#refuse("dirty-bitmap-started", {
          offset: record.offset,
          found: `a second START of ${key}`,
          expected: "one",
        });
      }
      this.#checkGranularity(record);
      this.#checkCount(record.offset);
      const { granularity, enabled, persistent } = record;
      this.#bitmaps.set(key, {
        node: this.#node ?? "",
        name: this.#name ?? "",
        granularity,
        enabled,
        persistent,
        complete: false,
        coveredBytes: 0,
        dirtyBytes: 0,
        end: 0,
      });
      return;
    }
    if (bitmap === undefined || bitmap.complete) {
      throw this.#refuse("dirty-bitmap-started", {
        offset: record.offset,
        found: `${record.kind.toUpperCase()} of ${key}`,
        expected: bitmap === undefined
          ? "a START before it"
          : "nothing after its COMPLETE",
      });
    }
    if (record.kind === "complete") bitmap.complete = true;
    else this.#takeBits(record, bitmap);
  }

  finish(): DirtyBitmap[] {
    this.#endRun();
    return [...this.#bitmaps.values()].map(({ end: _, ...bitmap }) => {
      if (!bitmap.complete) {
        this.reader.report(this.reader.formatError("dirty-bitmap-complete", {
          offset: this.reader.offset,
          found: `the end without a COMPLETE of ${
            JSON.stringify([bitmap.node, bitmap.name])
          }`,
          expected: "one",
        }));
      }
      return bitmap;
    });
  }

  #takeBits(record: RecordOf<"bits">, bitmap: Mutable): void {
    const { sector, sectorCount, bits, payloadOffset } = record;
    const { granularity } = bitmap;
    const offset = sector * SECTOR;
    const end = offset + sectorCount * SECTOR;
    if (end > Number.MAX_SAFE_INTEGER) {
      this.#refuse("u64-range", {
        offset: payloadOffset,
        found: `sectors up to ${hex(sector)} + ${hex(sectorCount)}`,
        expected: "bytes up to 0x1fffffffffffff",
      });
    }
    if (offset % (granularity * WORD_BITS) !== 0 || offset < bitmap.end) {
      this.#refuse("dirty-bitmap-bits", {
        offset: payloadOffset,
        found: `bits from byte ${hex(offset)} of the disk on`,
        expected: `a multiple of ${WORD_BITS} × ${hex(granularity)}, ` +
          `at least ${hex(bitmap.end)}`,
      });
    }
    const count = Math.ceil((end - offset) / granularity);
    const length = Math.ceil(count / WORD_BITS) * (WORD_BITS / 8);
    const longest = Math.ceil(length / PADDING) * PADDING;
    if (bits && (bits.length < length || bits.length > longest)) {
      this.#refuse("dirty-bitmap-bits", {
        offset: payloadOffset + 8 + 4,
        found: `${bits.length} bytes of bits for ${sectorCount} sectors`,
        expected: `${length} to ${longest}`,
      });
    }
    bitmap.end = end;
    bitmap.coveredBytes += end - offset;
    if (bits === undefined) return;
    for (const run of new PageBitmap(count, bits).runs()) {
      const first = offset + run.first * granularity;
      const last = Math.min(end, offset + run.end * granularity);
      bitmap.dirtyBytes += last - first;
      this.#addRun(bitmap, first, last);
    }
  }

  /** Joins adjacent runs, also across records. */
  #addRun(bitmap: Mutable, offset: number, end: number): void {
    if (this.#run?.bitmap === bitmap && this.#run.end === offset) {
      this.#run.end = end;
      return;
    }
    this.#endRun();
    this.#run = { bitmap, offset, end };
  }

  #endRun(): void {
    if (this.#run === undefined) return;
    const { bitmap, offset, end } = this.#run;
    this.#run = undefined;
    this.#onDirty?.(bitmap, { offset, length: end - offset });
  }

  #checkGranularity(record: RecordOf<"start">): void {
    const { granularity, payloadOffset } = record;
    const bits = Math.log2(granularity);
    if (
      Number.isInteger(bits) && granularity >= SECTOR &&
      granularity <= GRANULARITY_MAX
    ) return;
    this.#refuse("dirty-bitmap-granularity", {
      offset: payloadOffset,
      found: `the granularity is ${hex(granularity)}`,
      expected: `a power of two from ${hex(SECTOR)} to ${hex(GRANULARITY_MAX)}`,
    });
  }

  #checkCount(offset: number): void {
    if (this.#bitmaps.size < BITMAPS_MAX) return;
    throw this.reader.unsupportedError("dirty-bitmap-started", {
      feature: `more than ${BITMAPS_MAX} dirty bitmaps`,
      offset,
      found: "one more dirty bitmap",
      expected: `at most ${BITMAPS_MAX}`,
    });
  }

  #refuse(rule: RuleSlug, violation: Omit<RuleViolation, "rule">): never {
    throw this.reader.formatError(rule, violation);
  }
}
