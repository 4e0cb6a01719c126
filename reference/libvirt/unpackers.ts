import { nodeZstdUnpacker } from "./node_unpacker.ts";
import { unpackInThread } from "./unpack_in_thread.ts";
import type { Unpacker } from "./unpacker.ts";

/**
 * Maximum bytes passed at once to the web API, which unpacks all of them before
 * it checks for a consumer; with gzip the output can be a thousand times as
 * large.
 */
const GZIP_PIECE = 0x1000;
/** The same for zstd, where four bytes can expand to 128 KiB. */
const ZSTD_PIECE = 0x40;

/** Uses what every runtime has. */
export function gzipUnpacker(): Unpacker {
  return throughWeb(() => new DecompressionStream("gzip"), GZIP_PIECE);
}

/** Uses Node's streams if they support zstd, else the web API, if it does. */
export function zstdUnpacker(): Unpacker | undefined {
  const unpacker = nodeZstdUnpacker();
  if (unpacker !== undefined) {
    return "Deno" in globalThis ? unpackInThread : unpacker;
  }
  const make = () => new DecompressionStream("zstd" as CompressionFormat);
  try {
    make();
    return throughWeb(make, ZSTD_PIECE);
  } catch {
    return undefined;
  }
}

function throughWeb(
  make: () => DecompressionStream,
  pieceLength: number,
): Unpacker {
  return async function* (packed) {
    const pieces = inPieces(packed, pieceLength);
    const stream = new ReadableStream<BufferSource>({
      async pull(controller) {
        const { value, done } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      },
    }, { highWaterMark: 0 });
    const reader = stream.pipeThrough(make()).getReader();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  };
}

async function* inPieces(
  packed: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of packed) {
    for (let at = 0; at < bytes.length; at += length) {
      yield bytes.subarray(at, at + length);
    }
  }
}
