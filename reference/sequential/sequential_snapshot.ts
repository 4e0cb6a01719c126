import {
  ForwardReader,
  type SequentialEnd,
  type SequentialHead,
  walkSequentialStream,
} from "../../format/sequential/mod.ts";
import {
  type DeviceState,
  walkDeviceState,
} from "../../format/snapshot/mod.ts";
import type { Vmdesc } from "../../format/vmdesc/mod.ts";
import { findBlock } from "../reading/mod.ts";
import { type ByteSource, drive, type ReadOptions } from "../sources/mod.ts";
import { Pace, type Progress } from "../work/mod.ts";
import { driveForward, forwardReads } from "./forward_drive.ts";
import { SequentialBlock } from "./sequential_block.ts";
import { SequentialIndex } from "./sequential_index.ts";
import {
  sequentialOptions,
  type SequentialReadOptions,
  vmdescAfter,
} from "./sequential_options.ts";

/** Options of opening a sequential stream. */
export interface OpenSequentialOptions extends SequentialReadOptions {
  /**
   * Approximate maximum bytes of the index in memory; the rest goes to a
   * temporary file. Default: 64 MiB, enough for 16 GiB of RAM.
   */
  readonly memoryMax?: number | undefined;
  /** Called from time to time with the bytes of the stream read. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const MEMORY_MAX = 0x4000000;

/** An open sequential stream. The caller closes its source. */
export class SequentialSnapshot implements Disposable {
  /** The source of the stream. */
  readonly source: ByteSource;
  /** QEMU's name of the machine type: `pc-i440fx-10.0`. */
  readonly machine: string;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** The RAMBlocks, in the order of the stream. */
  readonly blocks: readonly SequentialBlock[];
  /** The items before the first record. */
  readonly head: SequentialHead;
  /** Where the RAM ends, and the sections before its end. */
  readonly end: SequentialEnd;
  /** The vmdesc at the end of the file, if there is one. */
  readonly vmdesc: Vmdesc | undefined;
  readonly #index: SequentialIndex;

  /** Called by {@linkcode openSequential}. */
  constructor(
    source: ByteSource,
    { index, end, vmdesc }: {
      readonly index: SequentialIndex;
      readonly end: SequentialEnd;
      readonly vmdesc: Vmdesc | undefined;
    },
  ) {
    this.source = source;
    this.head = index.head;
    this.machine = this.head.configuration.machine;
    this.pageSize = this.head.pageSize;
    this.end = end;
    this.vmdesc = vmdesc;
    this.#index = index;
    this.blocks = this.head.blocks.map((block) =>
      new SequentialBlock(source, { index, block })
    );
  }

  /**
   * Returns the RAMBlock with that idstr; throws a RangeError that lists the
   * names.
   */
  block(idstr: string): SequentialBlock {
    return findBlock(this.blocks, { idstr, name: this.source.name });
  }

  /** Walks over the items after the RAM: device sections, EOF, vmdesc. */
  async deviceState(options?: ReadOptions): Promise<DeviceState> {
    const { source, end, vmdesc } = this;
    if (!end.hasEnd) {
      const eofOffset = end.ramEnd - 1;
      return {
        sections: end.earlySections,
        dirtyBitmaps: [],
        parts: [],
        ...vmdesc === undefined ? {} : { vmdesc },
        eofOffset,
        end: vmdesc === undefined
          ? end.ramEnd
          : vmdesc.range.offset + vmdesc.range.length,
      };
    }
    const index = {
      ramEnd: end.ramEnd,
      ramSection: this.head.ramSection,
      started: end.started,
      layout: "mapped-ram" as const,
    };
    return await drive(walkDeviceState(source, index), source, options);
  }

  /** Releases the index. */
  [Symbol.dispose](): void {
    this.#index[Symbol.dispose]();
  }
}

/**
 * Opens a sequential migration stream: reads it once to find the last record of
 * each page. Pages are then read from their places.
 *
 * @throws {FormatError} if the stream breaks a rule
 * @throws {UnsupportedError} if it needs another reader
 * @throws {SourceError} if it cannot be read
 *
 * @example
 * ```ts
 * import { openFileSource } from "../../mod.ts";
 * import { openSequential } from "../doors/convert.ts";
 *
 * async function firstPage(path: string): Promise<Uint8Array> {
 *   using source = openFileSource(path);
 *   using stream = await openSequential(source);
 *   return await stream.block("pc.ram").readPage(0);
 * }
 * ```
 */
export async function openSequential(
  source: ByteSource,
  options: OpenSequentialOptions = {},
): Promise<SequentialSnapshot> {
  const { offset = 0, signal, memoryMax = MEMORY_MAX, onProgress } = options;
  const { vmdesc, ...walkOptions } = await sequentialOptions(source, options);
  const index = new SequentialIndex(source, memoryMax);
  const reader = new ForwardReader(source, offset);
  const pace = new Pace(signal);
  try {
    const walk = walkSequentialStream(reader, index, {
      ...walkOptions,
      ramOnly: true,
    });
    const end = await driveForward(walk, {
      ...forwardReads(source, options),
      async settle(): Promise<void> {
        await index.settle();
        const done = reader.offset - offset;
        onProgress?.({ idstr: "", done, total: source.byteLength - offset });
        await pace.step();
      },
    });
    return new SequentialSnapshot(source, {
      index,
      end,
      vmdesc: vmdescAfter(end.ramEnd, vmdesc),
    });
  } catch (error) {
    index[Symbol.dispose]();
    throw error;
  }
}
