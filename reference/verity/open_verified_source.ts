import { hex } from "../../format/rules/mod.ts";
import {
  DATA_SIZE_AT,
  DESCRIPTOR_LENGTH,
  parseVerityDigest,
  readVerityDescriptor,
  TREE_OFFSET,
  TreeGeometry,
  VERITY_BLOCK,
  type VerityDescriptor,
} from "../../format/verity/mod.ts";
import { isZero } from "../pages/mod.ts";
import {
  type ByteSource,
  cachedSource,
  IntegrityError,
  type ReadOptions,
  shownName,
  type SyncByteSource,
} from "../sources/mod.ts";
import {
  type Hashing,
  hashSync,
  hashWithRuntime,
  isHash,
  zeroBlocks,
} from "../hashing/mod.ts";
import {
  CheckingSource,
  SyncCheckingSource,
  type SyncVerifiedSource,
  type VerifiedSource,
} from "./verified_source.ts";
import { VerifiedTree } from "./verified_tree.ts";

/** Options of {@linkcode verifiedSource}. */
export interface VerifiedSourceOptions<Source extends ByteSource = ByteSource> {
  /** The sidecar: the descriptor and the tree. */
  readonly tree: Source;
  /** The digest of the file, from where you trust it: `sha256:` and 64 digits. */
  readonly digest: string;
  /**
   * Maximum bytes of hashes kept in memory, 1/128 of what was read. Default:
   * 64 MiB.
   */
  readonly maxBytes?: number | undefined;
}

/** A request of a sidecar gets this many bytes of it at most. */
const MAX_REQUEST = 0x80000;

/**
 * Makes a source that checks each block of 4096 bytes when it is read, by the
 * hashes in a sidecar that themselves agree with a digest. A read gives bytes
 * of checked blocks only; it otherwise rejects with an `IntegrityError`, and
 * its target is zero.
 *
 * It composes with other sources. In front of a cache, bytes are checked each
 * time they are used; behind one, when they enter it. In a browser WebCrypto
 * computes the hashes.
 *
 * @throws {IntegrityError} if the sidecar is not that of the digest, or the
 * file is not as long as it says
 * @throws {UnsupportedError} if it has another algorithm or block size, a salt
 * or a signature
 * @throws {SourceError} if the sidecar cannot be read
 * @throws {RangeError} if `digest` or `maxBytes` is invalid
 */
export async function verifiedSource(
  source: ByteSource,
  options: VerifiedSourceOptions & ReadOptions,
): Promise<VerifiedSource> {
  return await openChecking(source, options);
}

/** Does the same, for more than to read. */
export async function openChecking(
  source: ByteSource,
  options: VerifiedSourceOptions & ReadOptions,
): Promise<CheckingSource> {
  const { tree, signal } = options;
  const bytes = firstBlock(tree, options.digest);
  await tree.readInto(bytes, 0, { signal });
  const opened = await hashWithRuntime(openTree(bytes, source, options));
  const sidecar = (tree.parallelReads ?? 1) > 1
    ? cachedSource(tree, {
      blockSize: VERITY_BLOCK,
      maxBytes: 4 * MAX_REQUEST,
      maxRequestBytes: MAX_REQUEST,
      maxReadAhead: MAX_REQUEST,
    })
    : tree;
  const { digest } = options;
  return new CheckingSource({ source, sidecar }, { digest, tree: opened });
}

/**
 * Makes a synchronous {@linkcode verifiedSource} on Deno, Bun and Node.
 *
 * @throws {IntegrityError | UnsupportedError | SourceError | RangeError} as
 * `verifiedSource` rejects; `SourceError` also in a browser
 */
export function verifiedSourceSync(
  source: SyncByteSource,
  options: VerifiedSourceOptions<SyncByteSource>,
): SyncVerifiedSource {
  const { tree: sidecar, digest } = options;
  const bytes = firstBlock(sidecar, digest);
  sidecar.readIntoSync(bytes, 0);
  const tree = hashSync(openTree(bytes, source, options));
  return new SyncCheckingSource({ source, sidecar }, { digest, tree });
}

/**
 * Returns the length of the file that a digest is of, as its sidecar says.
 *
 * @throws what `verifiedSource` throws for the first block of the sidecar
 */
export async function sealedLength(
  tree: ByteSource,
  { digest, signal }: Pick<VerifiedSourceOptions, "digest"> & ReadOptions,
): Promise<number> {
  const bytes = firstBlock(tree, digest);
  await tree.readInto(bytes, 0, { signal });
  const hashing = checkDescriptor(bytes, tree.name, digest);
  return (await hashWithRuntime(hashing)).dataLength;
}

/** Does the same synchronously. */
export function sealedLengthSync(
  tree: SyncByteSource,
  { digest }: Pick<VerifiedSourceOptions, "digest">,
): number {
  const bytes = firstBlock(tree, digest);
  tree.readIntoSync(bytes, 0);
  return hashSync(checkDescriptor(bytes, tree.name, digest)).dataLength;
}

function firstBlock(
  { name, byteLength }: ByteSource,
  digest: string,
): Uint8Array {
  parseVerityDigest(digest);
  if (byteLength >= DESCRIPTOR_LENGTH) {
    return new Uint8Array(Math.min(TREE_OFFSET, byteLength));
  }
  throw wrongLength(name, byteLength, { expected: TREE_OFFSET, digest });
}

function wrongLength(
  name: string,
  found: number,
  { expected, digest }: { readonly expected: number; readonly digest: string },
): IntegrityError {
  return new IntegrityError(name, {
    rule: "verity-length",
    offset: Math.min(expected, found),
    length: Math.abs(expected - found),
    found: `a sidecar of ${found} bytes`,
    expected: `${expected}`,
    digest,
  });
}

/** Checks that the descriptor of a sidecar is that of the digest. */
function* checkDescriptor(
  bytes: Uint8Array,
  name: string,
  digest: string,
): Hashing<VerityDescriptor> {
  const descriptor = bytes.subarray(0, DESCRIPTOR_LENGTH);
  const [hash] = yield [descriptor];
  if (isHash(hash, parseVerityDigest(digest), 0)) {
    return readVerityDescriptor(name, descriptor);
  }
  throw new IntegrityError(name, {
    rule: "verity-digest",
    offset: 0,
    length: DESCRIPTOR_LENGTH,
    found: `the hashes of the digest sha256:${hash}`,
    expected: digest,
    digest,
  });
}

/** Checks the first block of a sidecar, and everything that follows of it. */
function* openTree(
  bytes: Uint8Array,
  file: ByteSource,
  { tree: { name, byteLength }, digest, maxBytes = 0x4000000 }:
    VerifiedSourceOptions,
): Hashing<VerifiedTree> {
  if (!(maxBytes >= VERITY_BLOCK)) {
    throw new RangeError(
      `Cannot verify ${JSON.stringify(file.name)}: maxBytes is ${maxBytes}, ` +
        `expected at least ${VERITY_BLOCK}`,
    );
  }
  const { dataLength, rootHash } = yield* checkDescriptor(bytes, name, digest);
  if (dataLength !== file.byteLength) {
    throw new IntegrityError(name, {
      rule: "verity-data-size",
      offset: DATA_SIZE_AT,
      length: 8,
      found: `${
        JSON.stringify(shownName(file.name))
      } of ${file.byteLength} bytes`,
      expected: `${dataLength}`,
      digest,
    });
  }
  const geometry = new TreeGeometry(dataLength);
  const { sidecarLength, levels } = geometry;
  if (sidecarLength !== byteLength) {
    throw wrongLength(name, byteLength, { expected: sidecarLength, digest });
  }
  const padding = bytes.subarray(DESCRIPTOR_LENGTH);
  if (!isZero(padding)) {
    const at = padding.findIndex((byte) => byte !== 0);
    throw new IntegrityError(name, {
      rule: "verity-padding",
      offset: DESCRIPTOR_LENGTH + at,
      length: 1,
      found: `the byte ${hex(padding[at])} after the descriptor`,
      expected: "0",
      digest,
    });
  }
  const zeros = yield* zeroBlocks(levels.length);
  const maxBlocks = Math.floor(maxBytes / VERITY_BLOCK);
  return new VerifiedTree(geometry, {
    name,
    digest,
    rootHash,
    zeros,
    maxBlocks,
  });
}
