import type { PageRun } from "../../format/bitmap/mod.ts";
import type { DeviceState } from "../../format/snapshot/mod.ts";
import type { StreamItem } from "../../format/stream/mod.ts";
import type { RunOptions, Snapshot } from "../reading/mod.ts";
import type { SequentialSnapshot } from "../sequential/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import type { Architecture } from "./architecture.ts";

/** The memory of a RAMBlock, of any kind of image. */
export interface MemoryBlock extends ByteSource {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Whether its pages were left out, and so cannot be read. */
  readonly ignored?: boolean | undefined;
  /** Yields the runs of pages that may be nonzero; all others are zero. */
  presentRuns(options?: RunOptions): AsyncIterable<PageRun>;
}

/** A part of a block. */
export interface MemoryPart {
  readonly block: MemoryBlock;
  /** Where the part starts in the block. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

/** The memory of a guest, with its device state if known. */
export interface MemoryImage {
  /** Name for errors: a path, a URL, or a name given by the caller. */
  readonly name: string;
  /** QEMU's name of the machine type; undefined if the file has none. */
  readonly machine: string | undefined;
  /** Architecture of the guest, if known without its devices. */
  readonly architecture?: Architecture | undefined;
  /** The RAMBlocks. */
  readonly blocks: readonly MemoryBlock[];
  /** The source of the device state; undefined if there is none. */
  readonly devices?: {
    readonly source: ByteSource;
    /** Sections before the end of the RAM. */
    readonly early: readonly StreamItem[];
    state(options?: ReadOptions): Promise<DeviceState>;
  } | undefined;
}

/** Returns an open snapshot, mapped-ram or sequential, as a memory image. */
export function imageOf(snapshot: Snapshot | SequentialSnapshot): MemoryImage {
  const { source, machine, blocks } = snapshot;
  return {
    name: source.name,
    machine,
    blocks,
    devices: {
      source,
      early: ("index" in snapshot ? snapshot.index : snapshot.end)
        .earlySections,
      state: (options) => snapshot.deviceState(options),
    },
  };
}
