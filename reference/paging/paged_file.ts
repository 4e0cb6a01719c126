import { openHttpSource } from "../http/mod.ts";
import { sourceAddress } from "../inputs/mod.ts";
import { type FileSource, openFileSource } from "../local/mod.ts";
import {
  type ByteSource,
  cachedSource,
  type SyncByteSource,
} from "../sources/mod.ts";
import { verifiedSource, verifiedSourceSync } from "../verity/mod.ts";
import type { PagerSettings } from "./pager_settings.ts";

/** A file that pages are read from. */
export interface PagedFile extends Disposable {
  /** Its bytes, checked if there is a digest; a URL has a cache. */
  readonly source: ByteSource;
  /** The same if it can be read synchronously. */
  readonly syncSource: SyncByteSource | undefined;
}

/**
 * Opens a file or a URL, and its sidecar.
 *
 * @throws {IntegrityError} if the sidecar is not the one of the digest
 */
export async function openPagedFile(
  { file, verity }: Pick<PagerSettings, "file" | "verity">,
): Promise<PagedFile> {
  const files: FileSource[] = [];
  const close = () => files.forEach((it) => it.close());
  const openLocal = (path: string) => {
    const opened = openFileSource(path);
    files.push(opened);
    return opened;
  };
  const open = (place: URL | string) =>
    place instanceof URL ? openHttpSource(place) : openLocal(place);
  const address = sourceAddress(file);
  try {
    const sidecar = verity && sourceAddress(verity.tree);
    if (typeof address === "string" && !(sidecar instanceof URL)) {
      const local = openLocal(address);
      const source = verity === undefined || sidecar === undefined
        ? local
        : verifiedSourceSync(local, { ...verity, tree: openLocal(sidecar) });
      return { source, syncSource: source, [Symbol.dispose]: close };
    }
    const opened = await open(address);
    const unchecked = address instanceof URL ? cachedSource(opened) : opened;
    const source = verity === undefined || sidecar === undefined
      ? unchecked
      : await verifiedSource(unchecked, {
        ...verity,
        tree: await open(sidecar),
      });
    return { source, syncSource: undefined, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}
