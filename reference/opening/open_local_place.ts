import { sourceAddress } from "../inputs/mod.ts";
import {
  isWebUrl,
  shownName,
  sliceSourceSync,
  SourceError,
  type SyncByteSource,
} from "../sources/mod.ts";
import { composeSource, type SourceMaker } from "./compose_source.ts";
import { OpenedFiles } from "./opened_files.ts";
import type { LocalPlace, Place } from "./place.ts";

/** Whether an input consists of local files only. */
export function isLocalPlace(
  { file, verity, allowBacking = [] }: Place,
): boolean {
  const tree = verity === undefined ? [] : [verity.tree];
  return ![file, ...tree, ...allowBacking].some(isWebUrl);
}

/**
 * Opens a file as `openPlace` does, to be read synchronously, too.
 *
 * @throws what `openPlace` throws; {SourceError} also for a URL
 */
export async function openLocalPlace(
  { file, verity, allowBacking, asIs }: Place,
): Promise<LocalPlace> {
  const files = new OpenedFiles();
  try {
    const open = (it: URL | string) => openPath(files, it);
    const address = sourceAddress(file);
    const opened = open(address);
    const composed = await composeSource(opened, {
      make: sourceMaker(address, { open, allowBacking }),
      checking: verity &&
        { digest: verity.digest, tree: open(sourceAddress(verity.tree)) },
      asIs,
    });
    return { ...composed, [Symbol.dispose]: () => files[Symbol.dispose]() };
  } catch (error) {
    files[Symbol.dispose]();
    throw error;
  }
}

function openPath(
  files: OpenedFiles,
  address: URL | string,
): SyncByteSource {
  if (typeof address === "string") return files.openLocal(address);
  const name = shownName(address);
  throw new SourceError(
    name,
    `Cannot open ${JSON.stringify(name)}: expected the path of a file`,
  );
}

function sourceMaker(
  address: URL | string,
  { open, allowBacking: allowed }: Pick<Place, "allowBacking"> & {
    readonly open: (address: URL | string) => SyncByteSource;
  },
): SourceMaker<SyncByteSource> {
  return {
    slice: sliceSourceSync,
    async openDisk(image, refuse) {
      const { openBackingFilesSync, openQcow2Sync } = await import(
        "../qcow2/mod.ts"
      );
      const openBacking = refuse ??
        openBackingFilesSync(address, { open, allowed });
      return openQcow2Sync(image, { openBacking });
    },
    async check(source, checking) {
      const { verifiedSourceSync } = await import("../verity/mod.ts");
      return verifiedSourceSync(source, checking);
    },
  };
}
