import {
  isQcow2,
  type Qcow2Backing,
  readQcow2Header,
} from "../../format/qcow2/mod.ts";
import {
  type ByteSource,
  drive,
  driveSync,
  type ReadOptions,
  SourceError,
  type SyncByteSource,
} from "../sources/mod.ts";
import { Qcow2Reads } from "./qcow2_reads.ts";
import { Qcow2Source, SyncQcow2Source } from "./qcow2_source.ts";
import {
  nodeInflate,
  nodeZstd,
  type UnpackCluster,
  webInflate,
} from "./unpack_cluster.ts";

/** Images of a chain at most. */
const CHAIN_MAX = 64;

/** Options of {@linkcode openQcow2}. */
export interface Qcow2Options extends ReadOptions {
  /**
   * Opens the backing file of an image: decide here what an image may name.
   * Default: images with a backing file are refused.
   */
  readonly openBacking?:
    | ((
      backing: Qcow2Backing,
      image: ByteSource,
    ) => Promise<ByteSource> | ByteSource)
    | undefined;
  /**
   * Unpacks a zstd frame to `length` bytes, on a runtime without zstd: Node
   * before 22.15, and browsers. Default: that of the runtime.
   */
  readonly unpackZstd?: UnpackCluster | undefined;
  /** Maximum bytes of unpacked clusters kept. Default: 8 MiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * Opens a qcow2 image as a source of the disk that it holds, with the chain of
 * its backing files.
 */
export async function openQcow2(
  image: ByteSource,
  options: Qcow2Options = {},
): Promise<Qcow2Source> {
  return await openChain(image, options, 1);
}

async function openChain(
  image: ByteSource,
  options: Qcow2Options,
  depth: number,
): Promise<Qcow2Source> {
  const { signal, maxBytes = 0x800000, unpackZstd } = options;
  const header = await drive(readQcow2Header(image), image, { signal });
  const l1 = new Uint8Array(header.l1Count * 8);
  await image.readInto(l1, header.l1Offset, { signal });
  const backing = header.backing &&
    await openBacking(header.backing, image, { ...options, depth });
  const reads = new Qcow2Reads(image, header, { l1, maxBytes });
  const unpack = header.compression === "zlib"
    ? nodeInflate() ?? webInflate
    : nodeZstd() ?? unpackZstd ?? noZstd;
  return new Qcow2Source({ image, backing, reads, unpack });
}

async function openBacking(
  backing: Qcow2Backing,
  image: ByteSource,
  options: Qcow2Options & { readonly depth: number },
): Promise<ByteSource> {
  const { openBacking, depth, signal } = options;
  if (openBacking === undefined) {
    throw new SourceError(
      image.name,
      `Cannot open ${JSON.stringify(image.name)}: it needs the backing file ` +
        `${JSON.stringify(backing.name)}, expected none`,
    );
  }
  if (depth === CHAIN_MAX) {
    throw new SourceError(
      image.name,
      `Cannot open ${JSON.stringify(image.name)}: the chain of its backing ` +
        `files has more than ${CHAIN_MAX} images, or is a loop`,
    );
  }
  const source = await openBacking(backing, image);
  if (backing.format === "raw") return source;
  const first = new Uint8Array(Math.min(8, source.byteLength));
  await source.readInto(first, 0, { signal });
  const isImage = isQcow2(first);
  if (isImage) return await openChain(source, options, depth + 1);
  if (backing.format === undefined) return source;
  throw new SourceError(
    source.name,
    `Cannot use ${JSON.stringify(source.name)} as the backing file of ` +
      `${JSON.stringify(image.name)}: expected the format ` +
      JSON.stringify(backing.format),
  );
}

/** Opens an image without a backing file to be read synchronously. */
export function openQcow2Sync(
  image: SyncByteSource,
  { maxBytes = 0x800000 }: Pick<Qcow2Options, "maxBytes"> = {},
): SyncQcow2Source {
  const header = driveSync(readQcow2Header(image), image);
  const l1 = new Uint8Array(header.l1Count * 8);
  image.readIntoSync(l1, header.l1Offset);
  const reads = new Qcow2Reads(image, header, { l1, maxBytes });
  const unpack = (header.compression === "zlib" ? nodeInflate() : nodeZstd()) ??
    noZstd;
  return new SyncQcow2Source({ image, backing: undefined, reads, unpack });
}

function noZstd(): never {
  throw new SourceError(
    "zstd",
    "Cannot unpack a cluster: this runtime has no zstd; give unpackZstd, or " +
      "use Deno, Bun or Node 22.15",
  );
}
