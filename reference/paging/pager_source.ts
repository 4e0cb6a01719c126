import type { PostcopyMemory, SyncPostcopyMemory } from "../faulting/mod.ts";
import { FileMapping } from "../linux/mod.ts";
import { FileWatch } from "../local/mod.ts";
import {
  findOnlyBlock,
  openSnapshot,
  openSnapshotSync,
  type Snapshot,
} from "../reading/mod.ts";
import { backingOf, shownName, type SyncByteSource } from "../sources/mod.ts";
import { snapshotIdentity } from "../working_set/mod.ts";
import { flatMemory, flatMemorySync } from "./flat_memory.ts";
import { mappedMemory } from "./mapped_memory.ts";
import { openPagedFile } from "./paged_file.ts";
import type { PagerSettings } from "./pager_settings.ts";

/** The source of a pager's pages. */
export interface PagerSource extends Disposable {
  /** Whether it can be read synchronously. */
  readonly isSync: boolean;
  /** Returns the memory of a RAMBlock; by default of the only one. */
  memory(idstr?: string): SourceMemory;
  /** Identity of the snapshot in a profile; undefined for a flat image. */
  identity(): Promise<string | undefined>;
  /**
   * Prepares a part of the source for later reads; called when there is nothing
   * else to do. Returns whether there is more.
   */
  warmNext(): boolean;
  /** All memories of the source. */
  readonly blocks: readonly SourceMemory[];
}

/** A memory with the idstr of its RAMBlock. */
export type SourceMemory = (PostcopyMemory | SyncPostcopyMemory) & {
  readonly idstr: string;
  readonly usedLength: number;
};

/**
 * Opens a file, or a URL with a cache in front of it.
 *
 * @throws {IntegrityError} if what is read of it does not agree with the digest
 */
export async function openPagerSource(
  settings: Pick<PagerSettings, "file" | "flat" | "open" | "verity">,
): Promise<PagerSource> {
  const { file, flat, open } = settings;
  const name = shownName(file);
  const opened = await openPagedFile(settings);
  const { source, syncSource } = opened;
  let mapped: FileMapping | undefined;
  const close = () => {
    mapped?.[Symbol.dispose]();
    opened[Symbol.dispose]();
  };
  try {
    if (syncSource === undefined) {
      const rest = { isSync: false, close };
      if (flat) return sourceOf(name, [flatMemory(source)], rest);
      const snapshot = await openSnapshot(source, open);
      return sourceOf(name, snapshot.blocks, { ...rest, snapshot });
    }
    mapped = mappingOf(syncSource);
    if (flat) {
      const memory = flatMemorySync(syncSource);
      const quick = mapped ? mappedMemory(memory, mapped, 0) : memory;
      return sourceOf(name, [quick], { isSync: true, mapped, close });
    }
    const snapshot = openSnapshotSync(syncSource, open);
    const blocks = snapshot.blocks.map((block) =>
      mapped ? mappedMemory(block, mapped, block.pagesOffset) : block
    );
    return sourceOf(name, blocks, { isSync: true, mapped, snapshot, close });
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Maps the file of a source; returns undefined if that is impossible. A checked
 * source has no file: a mapped page could change after it was checked.
 */
function mappingOf(source: SyncByteSource): FileMapping | undefined {
  const backing = backingOf(source);
  if (backing?.kind !== "file") return undefined;
  const mapping = FileMapping.open(backing);
  if (mapping === undefined) return undefined;
  const readVersion = () => mapping.readVersion();
  try {
    const watch = new FileWatch(backing.path, readVersion(), readVersion);
    mapping.guard(() => watch.step());
    return mapping;
  } catch (error) {
    mapping[Symbol.dispose]();
    throw error;
  }
}

function sourceOf(
  name: string,
  blocks: readonly SourceMemory[],
  { isSync, mapped, snapshot, close = () => {} }: {
    readonly isSync: boolean;
    readonly close?: () => void;
    readonly mapped?: FileMapping | undefined;
    readonly snapshot?: Snapshot;
  },
): PagerSource {
  return {
    isSync,
    blocks,
    [Symbol.dispose]: close,
    warmNext: () => mapped?.warmNext() ?? false,
    memory(idstr) {
      const found = findOnlyBlock(blocks, { idstr, name });
      if (!snapshot?.block(found.idstr).ignored) return found;
      throw new RangeError(
        `Cannot serve ${JSON.stringify(name)}: RAMBlock ` +
          `${JSON.stringify(found.idstr)} was saved without its memory ` +
          "(x-ignore-shared), expected the file that it was shared from",
      );
    },
    identity: () =>
      snapshot === undefined
        ? Promise.resolve(undefined)
        : snapshotIdentity(snapshot),
  };
}
