import type { DeviceState, PageRun, StreamItem } from "../../format/mod.ts";
import type { RunOptions, Snapshot } from "../reading/mod.ts";
import type { SequentialSnapshot } from "../sequential/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import type { Architecture } from "./architecture.ts";

/** The memory of a RAMBlock, wherever it is read from. */
export interface MemoryBlock extends ByteSource {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Whether its pages were left out: nothing can be read. */
  readonly ignored?: boolean | undefined;
  /** The runs of pages that may hold something; all others are zero. */
  presentRuns(options?: RunOptions): AsyncIterable<PageRun>;
}

/** The memory of a guest, with the state of its devices where that is known. */
export interface MemoryImage {
  /** Name for errors: a path, a URL, or what the caller called it. */
  readonly name: string;
  /** QEMU's name of the machine type; undefined where the file has none. */
  readonly machine: string | undefined;
  /** The architecture of the guest, where that is known without its devices. */
  readonly architecture?: Architecture | undefined;
  /** The RAMBlocks. */
  readonly blocks: readonly MemoryBlock[];
  /** What the state of the devices is read from; undefined where there is none. */
  readonly devices?: {
    readonly source: ByteSource;
    /** Sections that come before the end of the RAM. */
    readonly early: readonly StreamItem[];
    state(options?: ReadOptions): Promise<DeviceState>;
  } | undefined;
}

/** An open snapshot, mapped-ram or sequential, as a memory image. */
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
