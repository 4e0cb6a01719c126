import {
  type BitmapOrder,
  DEFAULT_BITMAP_ORDER,
} from "../../format/bitmap/mod.ts";
import {
  type DeviceState,
  type SnapshotIndex,
  walkDeviceState,
} from "../../format/snapshot/mod.ts";
import {
  type ByteSource,
  drive,
  type ReadOptions,
  type SyncByteSource,
} from "../sources/mod.ts";
import { findBlock } from "./find_block.ts";
import { RAMBlock } from "./ram_block.ts";
import { SyncRAMBlock } from "./sync_ram_block.ts";

/** An open snapshot. The caller closes its source. */
export class Snapshot {
  /** The source that the snapshot is read from. */
  readonly source: ByteSource;
  /** QEMU's name of the machine type: `pc-i440fx-10.0`. */
  readonly machine: string;
  /** The capabilities that must be enabled in a QEMU that loads it. */
  readonly capabilities: readonly string[];
  /** The RAMBlocks, in the order of the file. */
  readonly blocks: readonly RAMBlock[];
  /** Places of all parts in the file. */
  readonly index: SnapshotIndex;

  /** Called by `openSnapshot`. */
  constructor(
    source: ByteSource,
    { index, blocks }: {
      readonly index: SnapshotIndex;
      readonly blocks: readonly RAMBlock[];
    },
  ) {
    this.source = source;
    this.index = index;
    this.machine = index.configuration.machine;
    this.capabilities = index.configuration.capabilities;
    this.blocks = blocks;
  }

  /**
   * Returns the RAMBlock with an idstr.
   *
   * @throws {RangeError} if there is none; it lists the existing ones
   */
  block(idstr: string): RAMBlock {
    return findBlock(this.blocks, { idstr, name: this.source.name });
  }

  /**
   * Reads the structure of the parts after the RAM: device sections, EOF,
   * vmdesc. Opening does not read these.
   */
  deviceState(options?: ReadOptions): Promise<DeviceState> {
    const { source, index } = this;
    return drive(walkDeviceState(source, index), source, options);
  }
}

/** A snapshot whose source can be read synchronously. */
export class SyncSnapshot extends Snapshot {
  /** The RAMBlocks, in the order of the file. */
  declare readonly blocks: readonly SyncRAMBlock[];

  /** Same as `Snapshot.block`. */
  override block(idstr: string): SyncRAMBlock {
    return findBlock(this.blocks, { idstr, name: this.source.name });
  }
}

/** Makes a snapshot from the index that a walk returned. */
export function makeSnapshot(
  source: ByteSource,
  index: SnapshotIndex,
  order: BitmapOrder = DEFAULT_BITMAP_ORDER,
): Snapshot {
  const blocks = index.blocks.map((it) => new RAMBlock(source, it, { order }));
  return new Snapshot(source, { index, blocks });
}

/** Same as {@linkcode makeSnapshot}, over a synchronous source. */
export function makeSyncSnapshot(
  source: SyncByteSource,
  index: SnapshotIndex,
  order: BitmapOrder = DEFAULT_BITMAP_ORDER,
): SyncSnapshot {
  const blocks = index.blocks.map((it) =>
    new SyncRAMBlock(source, it, { order })
  );
  return new SyncSnapshot(source, { index, blocks });
}
