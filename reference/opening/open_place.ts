import { sourceAddress } from "../inputs/mod.ts";
import type { FileSourceOptions } from "../local/mod.ts";
import {
  type ByteSource,
  cachedSource,
  type ReadOptions,
  sliceSource,
} from "../sources/mod.ts";
import {
  composeSource,
  type SourceMaker,
  startsAsImage,
} from "./compose_source.ts";
import { OpenedFiles } from "./opened_files.ts";
import type { OpenedPlace, Place } from "./place.ts";

/**
 * Opens a file, or a URL with a cache; if it is a qcow2 image, the disk in it
 * with its backing files; if there is a digest, checked.
 *
 * @throws {SourceError} if a file cannot be opened, or would not be checked
 * @throws {IntegrityError} if the digest, the sidecar and the file do not belong
 * together
 * @throws {FormatError | UnsupportedError} if it is a bad or unknown image
 *
 * @example
 * ```ts
 * import { openSnapshot } from "../../mod.ts";
 * import { openPlace } from "../doors/convert.ts";
 *
 * async function firstPage(file: string): Promise<Uint8Array> {
 *   using opened = await openPlace({ file });
 *   const snapshot = await openSnapshot(opened.source);
 *   return await snapshot.block("pc.ram").readPage(0);
 * }
 * ```
 */
export async function openPlace(
  { file, verity, allowBacking, asIs }: Place,
  options: ReadOptions & FileSourceOptions = {},
): Promise<OpenedPlace> {
  const { signal } = options;
  const address = sourceAddress(file);
  const sidecar = verity && sourceAddress(verity.tree);
  const files = new OpenedFiles();
  try {
    const opening = openCached(files, address, options);
    const treeOpening = sidecar === undefined
      ? undefined
      : files.open(sidecar, { signal });
    // No file may be opened after they were closed.
    await Promise.allSettled([opening, treeOpening]);
    const opened = await opening;
    const tree = await treeOpening;
    const checking = verity === undefined || tree === undefined
      ? undefined
      : { digest: verity.digest, tree };
    const make = sourceMaker(address, { files, allowBacking, signal });
    const how = { make, checking, asIs, signal };
    const composed = await composeSource(opened, how);
    return {
      ...composed,
      paths: files.paths,
      transfer: () => files.transfer,
      [Symbol.dispose]: () => files[Symbol.dispose](),
    };
  } catch (error) {
    files[Symbol.dispose]();
    throw error;
  }
}

/** Packed clusters are small, far from each other, and kept when unpacked. */
const IMAGE_CACHE = { blockSize: 0x400, maxBytes: 0x1000000 };

/** Opens a path, or a URL with a cache. */
async function openCached(
  files: OpenedFiles,
  address: URL | string,
  options: ReadOptions & FileSourceOptions,
): Promise<ByteSource> {
  const opened = await files.open(address, options);
  if (typeof address === "string") return opened;
  const isImage = await startsAsImage(opened, options);
  return cachedSource(opened, isImage ? IMAGE_CACHE : {});
}

function sourceMaker(
  address: URL | string,
  { files, allowBacking: allowed, signal }:
    & { readonly files: OpenedFiles }
    & Pick<Place, "allowBacking">
    & ReadOptions,
): SourceMaker<ByteSource> {
  const open = (it: URL | string) => openCached(files, it, { signal });
  return {
    slice: sliceSource,
    async openDisk(image, refuse) {
      const { openBackingFiles, openQcow2 } = await import("../qcow2/mod.ts");
      const openBacking = refuse ??
        openBackingFiles(address, { open, allowed });
      return await openQcow2(image, { openBacking, signal });
    },
    async check(source, checking) {
      const { verifiedSource } = await import("../verity/mod.ts");
      return await verifiedSource(source, { ...checking, signal });
    },
  };
}
