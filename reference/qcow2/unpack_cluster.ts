import { zstdFrameLength } from "../../format/qcow2/mod.ts";
import { builtinModuleIfAny } from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";

/**
 * Unpacks data to at most `length` bytes: a raw deflate stream, which other
 * bytes may follow, or exactly one zstd frame.
 */
export type UnpackCluster = (
  packed: Uint8Array,
  length: number,
) => Uint8Array | Promise<Uint8Array>;

/** The synchronous form. */
export type UnpackClusterSync = (
  packed: Uint8Array,
  length: number,
) => Uint8Array;

/** Returns the runtime's zlib; undefined in a browser. */
export function nodeInflate(): UnpackClusterSync | undefined {
  const inflate = builtinModuleIfAny("node:zlib")?.inflateRawSync;
  // QEMU writes windows of 4 KiB; any window is read.
  return inflate &&
    ((packed, length) => inflate(packed, { maxOutputLength: length }));
}

/** Minimum of the option `chunkSize`. */
const CHUNK_MIN = 64;

/** Returns the runtime's zstd; undefined before Node 22.15 and in a browser. */
export function nodeZstd(): UnpackClusterSync | undefined {
  const decompress = builtinModuleIfAny("node:zlib")?.zstdDecompressSync;
  // In one chunk, twice as fast as in those of 16 KiB.
  return decompress && ((packed, length) =>
    decompress(packed, {
      maxOutputLength: length,
      chunkSize: Math.max(CHUNK_MIN, length),
    }));
}

/** The data ends in the last sector of a compressed cluster. */
const SECTOR = 512;

/**
 * Unpacks by the web API. It refuses what follows the data, so it is given the
 * last sector byte by byte, until the cluster is complete.
 */
export async function webInflate(
  packed: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const sector = Math.max(0, packed.length - SECTOR);
  let given = 0;
  const chunks = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const end = given < sector ? sector : given + 1;
      if (given === packed.length) controller.close();
      else controller.enqueue(packed.slice(given, end));
      given = Math.min(end, packed.length);
    },
  }, { highWaterMark: 0 });
  const reader = chunks.pipeThrough(new DecompressionStream("deflate-raw"))
    .getReader();
  let filled = 0;
  try {
    while (filled < length) {
      const { value, done } = await reader.read();
      if (done) break;
      const part = value.subarray(0, length - filled);
      bytes.set(part, filled);
      filled += part.length;
      if (part.length < value.length) return new Uint8Array(length + 1);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  return bytes.subarray(0, filled);
}

/** Refuses to unpack synchronously in a browser. */
export function noInflate(): never {
  throw new SourceError(
    "zlib",
    "Cannot unpack a cluster: this runtime has no synchronous zlib; open the " +
      "image with openQcow2",
  );
}

/** Refuses zstd on a runtime that has none. */
export function noZstd(): never {
  throw new SourceError(
    "zstd",
    "Cannot unpack a cluster: this runtime has no zstd; give unpackZstd, or " +
      "use Deno, Bun or Node 22.15",
  );
}

/**
 * Maximum frames of a cluster. Writers make one; those of a byte, or of none,
 * would take a minute to unpack.
 */
const FRAMES_MAX = 64;

/** Unpacks the frames of a cluster. */
export async function unpackFrames(
  packed: Uint8Array,
  length: number,
  { unpack }: { readonly unpack: UnpackCluster },
): Promise<Uint8Array> {
  const frames = framesOf(packed, length);
  let step = frames.next();
  while (!step.done) {
    step = frames.next(await unpack(step.value.frame, step.value.length));
  }
  return step.value;
}

/** Unpacks the frames of a cluster synchronously. */
export function unpackFramesSync(
  packed: Uint8Array,
  length: number,
  { unpack }: { readonly unpack: UnpackClusterSync },
): Uint8Array {
  const frames = framesOf(packed, length);
  let step = frames.next();
  while (!step.done) {
    step = frames.next(unpack(step.value.frame, step.value.length));
  }
  return step.value;
}

/** Generates the frames of a cluster until it is complete; nearly always one. */
function* framesOf(
  packed: Uint8Array,
  length: number,
): Generator<
  { readonly frame: Uint8Array; readonly length: number },
  Uint8Array,
  Uint8Array
> {
  let cluster: Uint8Array | undefined;
  for (let at = 0, filled = 0, count = 0;; count++) {
    if (count === FRAMES_MAX) throw new Error(`more than ${count} zstd frames`);
    const frameLength = zstdFrameLength(packed.subarray(at));
    if (frameLength === undefined) {
      return cluster?.subarray(0, filled) ?? NOTHING;
    }
    const frame = packed.subarray(at, at + frameLength);
    const bytes = yield { frame, length: length - filled };
    if (filled === 0 && bytes.length >= length) return bytes;
    cluster ??= new Uint8Array(length);
    if (filled + bytes.length > length) return new Uint8Array(length + 1);
    cluster.set(bytes, filled);
    filled += bytes.length;
    at += frameLength;
    if (filled === length) return cluster;
  }
}

const NOTHING = new Uint8Array(0);
