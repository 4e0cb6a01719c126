import type { Qcow2Backing } from "../../format/qcow2/mod.ts";
import {
  type ByteSource,
  drive,
  driveSync,
  type ReadOptions,
  SourceError,
  type SyncByteSource,
} from "../sources/mod.ts";
import { DiskPlanner, type KeptParts } from "./disk_plan.ts";
import { type ChainedImage, ImageChain } from "./image_chain.ts";
import { KeptBytes } from "./kept_bytes.ts";
import { Qcow2Disk, SyncQcow2Disk } from "./qcow2_disk.ts";
import type { Qcow2Source, SyncQcow2Source } from "./qcow2_source.ts";
import {
  nodeInflate,
  nodeZstd,
  noInflate,
  noZstd,
  type UnpackCluster,
  type UnpackClusterSync,
  unpackFrames,
  unpackFramesSync,
  webInflate,
} from "./unpack_cluster.ts";

/** Opens the backing file of an image. */
export type OpenBacking = (
  backing: Qcow2Backing,
  image: ByteSource,
) => Promise<ByteSource> | ByteSource;

/** The synchronous form. */
export type OpenBackingSync = (
  backing: Qcow2Backing,
  image: SyncByteSource,
) => SyncByteSource;

/** Options of {@linkcode openQcow2}. */
export interface Qcow2Options extends ReadOptions {
  /**
   * Opens the backing file of an image: decide here what an image may name, or
   * use `openBackingFiles`. Default: images with a backing file are refused.
   */
  readonly openBacking?: OpenBacking | undefined;
  /**
   * Unpacks one zstd frame to at most `length` bytes. Default: the runtime's
   * decoder, which browsers and Node before 22.15 do not have.
   */
  readonly unpackZstd?: UnpackCluster | undefined;
  /** Maximum bytes of unpacked clusters kept of all images. Default: 32 MiB. */
  readonly maxBytes?: number | undefined;
}

/** Options of {@linkcode openQcow2Sync}. */
export interface SyncQcow2Options extends Pick<Qcow2Options, "maxBytes"> {
  /** As for {@linkcode openQcow2}. */
  readonly openBacking?: OpenBackingSync | undefined;
  /** As for {@linkcode openQcow2}. */
  readonly unpackZstd?: UnpackClusterSync | undefined;
}

const CLUSTERS_MAX = 0x2000000;
/** Maximum bytes of L2 tables kept: those of 128 GiB in clusters of 64 KiB. */
const TABLES_MAX = 0x1000000;

/**
 * Opens a qcow2 image as a source of the disk that it holds, with the chain of
 * its backing files.
 *
 * @throws {FormatError} if an image breaks a rule
 * @throws {UnsupportedError} if an image has an unknown feature
 * @throws {SourceError} if a backing file cannot be opened
 *
 * @example
 * ```ts
 * import { openFileSource, openSnapshot } from "../../mod.ts";
 * import { openBackingFiles, openQcow2 } from "../doors/convert.ts";
 *
 * async function firstPage(path: string): Promise<Uint8Array> {
 *   using image = openFileSource(path);
 *   const openBacking = openBackingFiles(path, {
 *     open: (address) => openFileSource(String(address)),
 *   });
 *   using disk = await openQcow2(image, { openBacking });
 *   return await (await openSnapshot(disk)).block("pc.ram").readPage(0);
 * }
 * ```
 */
export async function openQcow2(
  image: ByteSource,
  options: Qcow2Options = {},
): Promise<Qcow2Source> {
  const { signal, maxBytes, openBacking } = options;
  const chain = new ImageChain(image);
  try {
    for (let top: ByteSource | undefined = image; top !== undefined;) {
      const walked: ByteSource = top;
      const { backing } = await drive(chain.read(walked), walked, { signal });
      if (backing === undefined) break;
      chain.check(walked, backing);
      const source = await (openBacking ?? noBacking)(backing, walked);
      chain.add(source);
      const isImage = await drive(chain.probe(source), source, { signal });
      top = isImage ? source : undefined;
    }
  } catch (error) {
    chain.close();
    throw error;
  }
  const kept = keptParts(maxBytes);
  return chain.join((it, backing, close) =>
    new Qcow2Disk({
      ...partsOf(it, kept),
      backing,
      close,
      packed: {
        name: it.source.name,
        clusterSize: 2 ** it.header.clusterBits,
        unpack: unpacker(it, options),
      },
    })
  );
}

/**
 * Opens a qcow2 image to be read synchronously, too.
 *
 * @throws what {@linkcode openQcow2} throws
 */
export function openQcow2Sync(
  image: SyncByteSource,
  options: SyncQcow2Options = {},
): SyncQcow2Source {
  const { maxBytes, openBacking } = options;
  const chain = new ImageChain(image);
  try {
    for (let top: SyncByteSource | undefined = image; top !== undefined;) {
      const walked: SyncByteSource = top;
      const { backing } = driveSync(chain.read(walked), walked);
      if (backing === undefined) break;
      chain.check(walked, backing);
      const source = (openBacking ?? noBacking)(backing, walked);
      chain.add(source);
      top = driveSync(chain.probe(source), source) ? source : undefined;
    }
  } catch (error) {
    chain.close();
    throw error;
  }
  const kept = keptParts(maxBytes);
  return chain.join((it, backing, close) =>
    new SyncQcow2Disk({
      ...partsOf(it, kept),
      backing,
      close,
      packed: {
        name: it.source.name,
        clusterSize: 2 ** it.header.clusterBits,
        unpack: syncUnpacker(it, options),
      },
    })
  );
}

function noBacking({ name }: Qcow2Backing, image: ByteSource): never {
  throw new SourceError(
    image.name,
    `Cannot open ${JSON.stringify(image.name)}: it needs the backing file ` +
      `${JSON.stringify(name)}, and openBacking is not given`,
  );
}

function keptParts(maxBytes: number = CLUSTERS_MAX): KeptParts {
  return {
    clusters: new KeptBytes(maxBytes),
    tables: new KeptBytes(TABLES_MAX),
  };
}

function partsOf<S extends ByteSource>(
  { source, tables, index }: ChainedImage<S>,
  kept: KeptParts,
) {
  const planner = new DiskPlanner(source, tables, { image: index, kept });
  return { image: source, planner };
}

function unpacker(
  { header }: ChainedImage<ByteSource>,
  { unpackZstd }: Qcow2Options,
): UnpackCluster {
  if (header.compression === "zlib") return nodeInflate() ?? webInflate;
  if (unpackZstd === undefined) return syncUnpacker({ header }, {});
  return (packed, length) =>
    unpackFrames(packed, length, { unpack: unpackZstd });
}

function syncUnpacker(
  { header }: Pick<ChainedImage<ByteSource>, "header">,
  { unpackZstd }: SyncQcow2Options,
): UnpackClusterSync {
  if (header.compression === "zlib") return nodeInflate() ?? noInflate;
  const unpack = unpackZstd ?? nodeZstd() ?? noZstd;
  return (packed, length) => unpackFramesSync(packed, length, { unpack });
}
