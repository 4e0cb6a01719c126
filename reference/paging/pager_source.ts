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
import { isLocalPlace, openLocalPlace, openPlace } from "../opening/mod.ts";
import { flatMemory, flatMemorySync } from "./flat_memory.ts";
import { mappedMemory } from "./mapped_memory.ts";
import type { PagerSettings } from "./pager_settings.ts";

/** The source of a pager's pages. */
export interface PagerSource extends Disposable {
  /** Whether it can be read synchronously. */
  readonly isSync: boolean;
  /** Returns the memory of a RAMBlock; by default of the only one. */
  memory(idstr?: string): SourceMemory;
  /** Identity of the snapshot in a profile; undefined for a flat image. */
  identity(): Promise<string | undefined>;
  /** Digest of the snapshot, if that is checked. */
  readonly digest: string | undefined;
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
 * Opens a file, or a URL with a cache in front of it; of a qcow2 image, its
 * disk.
 *
 * @throws {IntegrityError} if what is read of it does not agree with the digest
 */
export async function openPagerSource(
  { flat, open, place }: Pick<PagerSettings, "flat" | "open" | "place">,
): Promise<PagerSource> {
  const name = shownName(place.file);
  if (!isLocalPlace(place)) {
    const { source, ...opened } = await openPlace(place);
    const rest = { isSync: false, close: () => opened[Symbol.dispose]() };
    return await closedAfterError(rest, async () => {
      if (flat) return sourceOf(name, [flatMemory(source)], rest);
      const snapshot = await openSnapshot(source, open);
      return sourceOf(name, snapshot.blocks, { ...rest, snapshot });
    });
  }
  const { source, ...opened } = await openLocalPlace(place);
  let mapped: FileMapping | undefined;
  const close = () => {
    mapped?.[Symbol.dispose]();
    opened[Symbol.dispose]();
  };
  return await closedAfterError({ close }, () => {
    mapped = mappingOf(source);
    if (flat) {
      const memory = flatMemorySync(source);
      const quick = mapped ? mappedMemory(memory, mapped, 0) : memory;
      return sourceOf(name, [quick], { isSync: true, mapped, close });
    }
    const snapshot = openSnapshotSync(source, open);
    const blocks = snapshot.blocks.map((block) =>
      mapped ? mappedMemory(block, mapped, block.pagesOffset) : block
    );
    return sourceOf(name, blocks, { isSync: true, mapped, snapshot, close });
  });
}

async function closedAfterError<T>(
  { close }: { readonly close: () => void },
  work: () => Promise<T> | T,
): Promise<T> {
  try {
    return await work();
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
    digest: snapshot?.source.digest,
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
