import {
  type ByteSource,
  cachedSource,
  memorySource,
  type SyncByteSource,
} from "../../sources/mod.ts";
import { sealBytes, type SealedBytes } from "../../testing/sealed_bytes.ts";
import { verifiedSource, verifiedSourceSync } from "../mod.ts";

/** A file in memory with its sidecar, whose bytes a test changes. */
export interface SealedFile extends SealedBytes {
  readonly bytes: Uint8Array;
}

/** Seals a file. */
export function sealed(bytes: Uint8Array): SealedFile {
  const { sidecar, digest } = sealBytes(bytes);
  return { bytes, sidecar: new Uint8Array(sidecar), digest };
}

/** Reads a range of a checked file into `target`. */
export type ReadChecked = (target: Uint8Array, offset: number) => Promise<void>;

/** Opens a file in one of the ways to read it checked. */
type Open = (file: SealedFile) => Promise<ReadChecked>;

/** Every way to read a file checked. */
export const WAYS: Readonly<Record<string, Open>> = {
  // deno-lint-ignore require-await -- errors must become rejections
  async "synchronously"(file) {
    const source = openSync(file);
    // deno-lint-ignore require-await -- likewise
    return async (target, offset) => source.readIntoSync(target, offset);
  },
  async "asynchronously"(file) {
    return readOf(await open(file));
  },
  async "with the cache inside"(file) {
    return readOf(await open(file, cachedSource(remote(file.bytes))));
  },
  async "with the cache outside"(file) {
    const cached = cachedSource(await open(file), { blockSize: 8192 });
    return readOf(cached);
  },
};

/** Opens a file to be read synchronously. */
export function openSync(
  { bytes, sidecar, digest }: SealedFile,
  options: { readonly maxBytes?: number } = {},
): SyncByteSource {
  const tree = memorySource(sidecar, { name: "sidecar" });
  const file = memorySource(bytes, { name: "file" });
  return verifiedSourceSync(file, { tree, digest, ...options });
}

/** Opens a file to be read asynchronously. */
export async function open(
  { bytes, sidecar, digest }: SealedFile,
  source: ByteSource = remote(bytes),
): Promise<ByteSource> {
  return await verifiedSource(source, { tree: remote(sidecar), digest });
}

/** A source with expensive reads, as over a network. */
function remote(bytes: Uint8Array): ByteSource {
  const source = memorySource(bytes);
  return {
    name: source.name,
    byteLength: source.byteLength,
    parallelReads: 4,
    readInto: (...read) => source.readInto(...read),
  };
}

function readOf(source: ByteSource): ReadChecked {
  return (target, offset) => source.readInto(target, offset);
}
