import {
  isQcow2Source,
  openQcow2Sync,
  type SyncQcow2Source,
} from "../qcow2/mod.ts";
import {
  type Backing,
  type BackingFile,
  backingOf,
  type ByteSource,
  SourceError,
  type SyncByteSource,
} from "../sources/mod.ts";
import type { BackingFiles } from "../lanes/mod.ts";

/**
 * Returns the files of an image and its backing; undefined if the disk is in no
 * image, or one of them is not a local file.
 */
export function chainFiles(disk: ByteSource): BackingFile[] | undefined {
  if (!isQcow2Source(disk)) return undefined;
  const files: (Backing | undefined)[] = [];
  let it: ByteSource | undefined = disk;
  for (; it !== undefined && isQcow2Source(it); it = it.backing) {
    files.push(backingOf(it.image));
  }
  if (it !== undefined) files.push(backingOf(it));
  return files.every((file) => file?.kind === "file") ? files : undefined;
}

/** Opens the disk in an image whose files another thread has open. */
export function openChain(
  chain: readonly BackingFile[],
  files: BackingFiles,
): SyncQcow2Source {
  const [image, ...backings] = chain.map((it) => sourceOf(it, files));
  return openQcow2Sync(image, {
    openBacking(_, { name }): SyncByteSource {
      const next = backings.shift();
      if (next !== undefined) return next;
      throw new SourceError(name, `Cannot open ${name}: it has changed`);
    },
  });
}

function sourceOf(file: BackingFile, files: BackingFiles): SyncByteSource {
  const { name, byteLength } = file;
  const opened = files.reader(file);
  return {
    name,
    byteLength,
    readIntoSync: (target, offset) => opened.readSync(target, offset),
    // deno-lint-ignore require-await -- errors must become rejections
    readInto: async (target, offset) => opened.readSync(target, offset),
  };
}
