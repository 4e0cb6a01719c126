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

/** An open snapshot. Its source stays the caller's to close. */
export class Snapshot {
  /** What the snapshot is read from. */
  readonly source: ByteSource;
  /** QEMU's name of the machine type: `pc-i440fx-10.0`. */
  readonly machine: string;
  /** The capabilities that a loading QEMU must be given. */
  readonly capabilities: readonly string[];
  /** The RAMBlocks, in the order of the file. */
  readonly blocks: readonly RAMBlock[];
  /** Where everything stands in the file. */
  readonly index: SnapshotIndex;

  /** Made by `openSnapshot`. */
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
   * The RAMBlock of that idstr.
   *
   * @throws {RangeError} if there is none; it names those there are
   */
  block(idstr: string): RAMBlock {
    return findBlock(this.blocks, { idstr, name: this.source.name });
  }

  /**
   * Walks over what follows the RAM: device sections, EOF, vmdesc. Opening does
   * not look there.
   */
  deviceState(options?: ReadOptions): Promise<DeviceState> {
    const { source, index } = this;
    return drive(walkDeviceState(source, index), source, options);
  }
}

/** A snapshot whose source can be read without waiting. */
export class SyncSnapshot extends Snapshot {
  /** The RAMBlocks, in the order of the file. */
  declare readonly blocks: readonly SyncRAMBlock[];

  /** As `Snapshot.block`. */
  override block(idstr: string): SyncRAMBlock {
    return findBlock(this.blocks, { idstr, name: this.source.name });
  }
}

/** Makes a snapshot of what a walk found. */
export function makeSnapshot(
  source: ByteSource,
  index: SnapshotIndex,
  order: BitmapOrder = DEFAULT_BITMAP_ORDER,
): Snapshot {
  const blocks = index.blocks.map((it) => new RAMBlock(source, it, { order }));
  return new Snapshot(source, { index, blocks });
}

/** As {@linkcode makeSnapshot}, over a source that needs no waiting. */
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
